//! Builds, and what they are made of. States: 0 building, 1 complete, 2 deleted, 3 failed, 4 canceled.

/// Begins a question about builds: each is named with its id.
macro_rules! builds {
    ($what:literal, $rest:literal) => {
        concat!(
            "SELECT 'build ' || build.id || ' (' || package.name || '-' || build.version || '-' || build.release || ') ",
            $what,
            "' FROM build JOIN package ON package.id = build.pkg_id ",
            $rest
        )
    };
}

/// The questions about a type of build that has tables of its own.
macro_rules! typed {
    ($name:literal, $builds:literal, $archives:literal) => {
        [
            concat!(
                "SELECT 'build ' || b.build_id || ' is of type ",
                $name,
                " and not in ",
                $builds,
                "' FROM build_types AS b
                 JOIN btype ON btype.id = b.btype_id WHERE btype.name = '",
                $name,
                "' AND NOT EXISTS (SELECT 1 FROM ",
                $builds,
                " AS t WHERE t.build_id = b.build_id)"
            ),
            concat!(
                "SELECT 'build ' || t.build_id || ' is in ",
                $builds,
                " and not of type ",
                $name,
                "' FROM ",
                $builds,
                " AS t WHERE NOT EXISTS (SELECT 1 FROM build_types AS b JOIN btype ON btype.id = b.btype_id
                 WHERE b.build_id = t.build_id AND btype.name = '",
                $name,
                "')"
            ),
            concat!(
                "SELECT 'archive ' || a.id || ' is of type ",
                $name,
                " and not in ",
                $archives,
                "' FROM archiveinfo AS a
                 JOIN btype ON btype.id = a.btype_id WHERE btype.name = '",
                $name,
                "' AND NOT EXISTS (SELECT 1 FROM ",
                $archives,
                " AS t WHERE t.archive_id = a.id)"
            ),
        ]
    };
}

const MAVEN: [&str; 3] = typed!("maven", "maven_builds", "maven_archives");
const WIN: [&str; 3] = typed!("win", "win_builds", "win_archives");
const IMAGE: [&str; 3] = typed!("image", "image_builds", "image_archives");

pub(super) const RULES: &[&str] = &[
    builds!("has ended, but at no time", "WHERE build.state <> 0 AND build.completion_time IS NULL"),
    builds!("has not ended, but has a time of its end", "WHERE build.state = 0 AND build.completion_time IS NOT NULL"),
    builds!("has no state that there is", "WHERE build.state NOT BETWEEN 0 AND 4"),
    builds!(
        "is in the making, but its task has ended",
        "JOIN task ON task.id = build.task_id WHERE build.state = 0 AND task.state IN (2, 3, 5)"
    ),
    builds!(
        "is in the making, but by no task and no content generator",
        "WHERE build.state = 0 AND build.task_id IS NULL AND build.cg_id IS NULL
         AND NOT EXISTS (SELECT 1 FROM build_reservations AS r WHERE r.build_id = build.id)"
    ),
    builds!(
        "is tagged, but not complete",
        "WHERE build.state <> 1 AND EXISTS
         (SELECT 1 FROM tag_listing AS l WHERE l.build_id = build.id AND l.active = TRUE)"
    ),
    builds!(
        "has RPMs, but is not of type rpm",
        "WHERE EXISTS (SELECT 1 FROM rpminfo WHERE rpminfo.build_id = build.id) AND NOT EXISTS
         (SELECT 1 FROM build_types AS b JOIN btype ON btype.id = b.btype_id
          WHERE b.build_id = build.id AND btype.name = 'rpm')"
    ),
    "SELECT 'archive ' || a.id || ' is of another type than build ' || a.build_id || ', which it is of'
     FROM archiveinfo AS a WHERE a.btype_id IS NOT NULL AND NOT EXISTS
     (SELECT 1 FROM build_types AS b WHERE b.build_id = a.build_id AND b.btype_id = a.btype_id)",
    "SELECT 'rpm ' || rpminfo.id || ' is a draft, but its build is none, or the other way round' FROM rpminfo
     JOIN build ON build.id = rpminfo.build_id WHERE build.draft <> rpminfo.draft",
    MAVEN[0],
    MAVEN[1],
    MAVEN[2],
    WIN[0],
    WIN[1],
    WIN[2],
    IMAGE[0],
    IMAGE[1],
    IMAGE[2],
];
