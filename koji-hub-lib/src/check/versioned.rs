//! Rows that keep history: of each key one holds at a time, from an event to a later one.

/// The questions for a table, and for each key of which only one row may hold at a time.
macro_rules! versioned {
    ($($table:literal [$($first:literal $(, $more:literal)*);+])+) => {
        &[$(
            concat!(
                "SELECT '", $table, ": a row of event ' || create_event || ' ended at event ' || revoke_event
                 || ', before it began' FROM ", $table, " WHERE revoke_event < create_event"
            ),
            concat!(
                "SELECT '", $table, ": a row of event ' || create_event || ' is neither active nor revoked, or both' FROM ",
                $table, " WHERE (active IS NULL AND (revoke_event IS NULL OR revoker_id IS NULL))
                 OR (active IS NOT NULL AND (revoke_event IS NOT NULL OR revoker_id IS NOT NULL))"
            ),
            $(concat!(
                "SELECT '", $table, ": two rows with ", $first, $(", ", $more,)* " = ' || COALESCE(CAST(", $first,
                " AS TEXT), '')", $(" || ', ' || COALESCE(CAST(", $more, " AS TEXT), '')",)* " || ' hold at event ' || next
                 FROM (SELECT ", $first, $(", ", $more,)* ", revoke_event, LEAD(create_event) OVER (PARTITION BY ",
                $first, $(", ", $more,)* " ORDER BY create_event, COALESCE(revoke_event, 2147483647)) AS next FROM ",
                $table, ") AS history WHERE next < COALESCE(revoke_event, 2147483647)"
            ),)+
        )+]
    };
}

pub(super) const RULES: &[&str] = versioned! {
    "user_perms" ["user_id", "perm_id"]
    "user_groups" ["user_id", "group_id"]
    "host_config" ["host_id"]
    "host_channels" ["host_id", "channel_id"]
    "tag_inheritance" ["tag_id", "priority"; "tag_id", "parent_id"]
    "tag_config" ["tag_id"]
    "tag_extra" ["tag_id", "key"]
    "build_target_config" ["build_target_id"]
    "external_repo_config" ["external_repo_id"]
    "external_repo_data" ["external_repo_id"]
    "tag_external_repos" ["tag_id", "priority"; "tag_id", "external_repo_id"]
    "cg_users" ["cg_id", "user_id"]
    "tag_listing" ["build_id", "tag_id"]
    "tag_packages" ["package_id", "tag_id"]
    "tag_package_owners" ["package_id", "tag_id"]
    "group_config" ["group_id", "tag_id"]
    "group_req_listing" ["group_id", "tag_id", "req_id"]
    "group_package_listing" ["group_id", "tag_id", "package"]
};
