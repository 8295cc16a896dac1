//! The whole line of inheritance of a tag, in the order in which it counts.

use std::collections::{HashMap, HashSet};

use koji_core::ids::{EventId, TagId};
use koji_core::model::InheritanceStep;

use crate::Result;
use crate::db::{Conn, args, sql};
use crate::error::fail;

/// A tag that is reached with filters counts each time, so that links upon links of them have no end.
const MOST_STEPS: usize = 20_000;

/// A link between two tags, seen from one of them.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
struct Link {
    /// Where it is seen from.
    here: TagId,
    /// Where it leads.
    there: TagId,
    /// The name of the tag there.
    name: String,
    parent_id: TagId,
    priority: i32,
    maxdepth: Option<i32>,
    intransitive: bool,
    noconfig: bool,
    pkg_filter: Option<String>,
}

/// All links that can be reached from the tag `$1`.
macro_rules! reachable {
    ($here:literal, $there:literal, $when:tt) => {
        sql!(
            "WITH RECURSIVE reached (id) AS (
                 SELECT CAST($1 AS INTEGER)
                 UNION
                 SELECT i.",
            $there,
            " FROM tag_inheritance i JOIN reached ON i.",
            $here,
            " = reached.id WHERE ",
            $when,
            ")
             SELECT i.",
            $here,
            " AS here, i.",
            $there,
            " AS there, t.name, i.parent_id, i.priority, i.maxdepth, i.intransitive, i.noconfig, i.pkg_filter
             FROM tag_inheritance i
             JOIN reached ON i.",
            $here,
            " = reached.id JOIN tag t ON t.id = i.",
            $there,
            " WHERE ",
            $when,
            " ORDER BY i.priority, t.id"
        )
    };
}

/// What a tag inherits from, the nearest and most important first; the tag itself is not in it.
pub(crate) async fn inheritance(db: &mut Conn, tag: TagId, event: Option<EventId>) -> Result<Vec<InheritanceStep>> {
    let links = match event {
        None => db.fetch_all(reachable!("tag_id", "parent_id", { current "i" }), args![tag]).await?,
        Some(event) => db.fetch_all(reachable!("tag_id", "parent_id", { at "i", "$2" }), args![tag, event]).await?,
    };
    Walk::new(links, false).from(tag)
}

/// The tags that inherit from a tag.
pub(crate) async fn descendants(db: &mut Conn, tag: TagId, event: Option<EventId>) -> Result<Vec<InheritanceStep>> {
    let links = match event {
        None => db.fetch_all(reachable!("parent_id", "tag_id", { current "i" }), args![tag]).await?,
        Some(event) => db.fetch_all(reachable!("parent_id", "tag_id", { at "i", "$2" }), args![tag, event]).await?,
    };
    Walk::new(links, true).from(tag)
}

/// How a tag was reached before.
struct Visit {
    nextdepth: Option<i32>,
    noconfig: bool,
    filtered: bool,
}

/// What holds for all that lies behind a step.
#[derive(Clone, Default)]
struct Way {
    /// How many generations it has gone.
    depth: i32,
    /// How many more it may go.
    maxdepth: Option<i32>,
    noconfig: bool,
    filter: Vec<String>,
}

struct Walk {
    links: HashMap<TagId, Vec<Link>>,
    downwards: bool,
    visits: HashMap<TagId, Vec<Visit>>,
    steps: Vec<InheritanceStep>,
}

/// A tag on the way to where the walk is.
struct Place {
    here: TagId,
    way: Way,
    /// Those that are not yet gone.
    links: std::vec::IntoIter<Link>,
}

impl Walk {
    fn new(links: Vec<Link>, downwards: bool) -> Self {
        let mut by_tag: HashMap<_, Vec<_>> = HashMap::new();
        for link in links {
            by_tag.entry(link.here).or_default().push(link);
        }
        Walk { links: by_tag, downwards, visits: HashMap::new(), steps: Vec::new() }
    }

    fn from(mut self, tag: TagId) -> Result<Vec<InheritanceStep>> {
        let mut path = vec![self.enter(tag, Way::default())];
        let mut on_path = HashSet::from([tag]);
        while let Some(place) = path.last_mut() {
            let Some(link) = place.links.next() else {
                on_path.remove(&place.here);
                path.pop();
                continue;
            };
            // loops are cut
            if on_path.contains(&link.there) {
                continue;
            }
            let there = link.there;
            if let Some(way) = self.step(&mut place.way, link) {
                path.push(self.enter(there, way));
                on_path.insert(there);
            }
            if self.steps.len() > MOST_STEPS {
                fail!(
                    "the inheritance of tag {tag} has more than {MOST_STEPS} steps: give it fewer links with filters"
                );
            }
        }
        Ok(self.steps)
    }

    fn enter(&self, here: TagId, way: Way) -> Place {
        let ends = way.maxdepth.is_some_and(|most| most < 1);
        let links = self.links.get(&here).filter(|_| !ends).cloned().unwrap_or_default();
        Place { here, way, links: links.into_iter() }
    }

    /// Goes along a link; what holds behind it, if it leads on.
    fn step(&mut self, way: &mut Way, link: Link) -> Option<Way> {
        if link.intransitive && way.depth > 0 && !self.downwards {
            return None;
        }
        let depth = way.depth + 1;
        let nextdepth = if self.downwards {
            if link.maxdepth.is_some_and(|most| most < way.depth) {
                return None;
            }
            None
        } else {
            match (link.maxdepth, way.maxdepth) {
                (own, None) => own,
                (None, Some(most)) => Some(most.saturating_sub(1)),
                (Some(own), Some(most)) => Some(own.min(most).saturating_sub(1)),
            }
        };
        // Koji lets it spread from a link to those beside it that come later
        way.noconfig |= link.noconfig;
        let noconfig = way.noconfig;
        let mut filter = way.filter.clone();
        filter.extend(link.pkg_filter.clone().filter(|pattern| !pattern.is_empty()));

        let visits = self.visits.entry(link.there).or_default();
        if visits.iter().any(|before| suffices(before, nextdepth, noconfig)) {
            return None;
        }
        visits.push(Visit { nextdepth, noconfig: link.noconfig, filtered: !filter.is_empty() });
        self.steps.push(InheritanceStep {
            parent_id: link.parent_id,
            name: link.name,
            priority: link.priority,
            maxdepth: link.maxdepth,
            intransitive: link.intransitive,
            noconfig: link.noconfig,
            pkg_filter: link.pkg_filter,
            child_id: (!self.downwards).then_some(link.here),
            tag_id: self.downwards.then_some(link.there),
            nextdepth,
            currdepth: depth,
            filter: filter.clone(),
        });
        let stops = link.intransitive && self.downwards;
        (!stops).then_some(Way { depth, maxdepth: nextdepth, noconfig, filter })
    }
}

/// Whether a tag that was reached before need not be gone through again: what comes now gives nothing more.
fn suffices(before: &Visit, nextdepth: Option<i32>, noconfig: bool) -> bool {
    let as_deep = match (before.nextdepth, nextdepth) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(then), Some(now)) => then >= now,
    };
    as_deep && (noconfig || !before.noconfig) && !before.filtered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(here: i32, there: i32, priority: i32) -> Link {
        Link {
            here: TagId(here),
            there: TagId(there),
            name: format!("t{there}"),
            parent_id: TagId(there),
            priority,
            maxdepth: None,
            intransitive: false,
            noconfig: false,
            pkg_filter: Some(String::new()),
        }
    }

    fn order(links: Vec<Link>) -> Vec<(i32, i32)> {
        let steps = Walk::new(links, false).from(TagId(1)).unwrap();
        steps.iter().map(|s| (s.parent_id.0, s.currdepth)).collect()
    }

    #[test]
    fn it_goes_deep_first_and_cuts_loops() {
        let links = vec![link(1, 2, 0), link(1, 3, 1), link(2, 4, 0), link(4, 1, 0), link(3, 4, 0)];
        assert_eq!(order(links), [(2, 1), (4, 2), (3, 1)]);
    }

    #[test]
    fn depth_is_limited_by_the_links_on_the_way() {
        let limited = Link { maxdepth: Some(1), ..link(1, 2, 0) };
        assert_eq!(order(vec![limited, link(2, 3, 0), link(3, 4, 0)]), [(2, 1), (3, 2)]);
        let limited = Link { maxdepth: Some(0), ..link(1, 2, 0) };
        assert_eq!(order(vec![limited, link(2, 3, 0)]), [(2, 1)]);
    }

    #[test]
    fn intransitive_links_count_for_their_own_tag_only() {
        let closed = Link { intransitive: true, ..link(2, 3, 0) };
        assert_eq!(order(vec![link(1, 2, 0), closed.clone()]), [(2, 1)]);
        assert_eq!(order(vec![Link { here: TagId(1), ..closed }]), [(3, 1)]);
    }

    #[test]
    fn a_tag_counts_again_when_less_was_taken_from_it_before() {
        let filtered = Link { pkg_filter: Some("^a".into()), ..link(1, 2, 0) };
        let links = vec![filtered.clone(), link(1, 3, 1), link(3, 2, 0)];
        assert_eq!(order(links.clone()), [(2, 1), (3, 1), (2, 2)]);
        let filters: Vec<_> = Walk::new(links, false).from(TagId(1)).unwrap().into_iter().map(|s| s.filter).collect();
        assert_eq!(filters, [vec!["^a".to_owned()], vec![], vec![]]);
        assert_eq!(order(vec![link(1, 3, 0), link(3, 2, 0), Link { priority: 1, ..filtered }]), [(3, 1), (2, 2)]);
    }

    #[test]
    fn a_long_line_is_gone_to_its_end_and_one_without_an_end_is_refused() {
        let line = order((1..10_000).map(|n| link(n, n + 1, 0)).collect());
        assert_eq!((line.len(), line.last()), (9_999, Some(&(10_000, 9_999))));
        let filtered = |here, there, priority| Link { pkg_filter: Some("a".into()), ..link(here, there, priority) };
        let both =
            |n: i32| [2 * n, 2 * n + 1].map(|there| [filtered(2 * n - 2, there, 0), filtered(2 * n - 1, there, 1)]);
        let mut links: Vec<Link> = (2..40).flat_map(both).flatten().collect();
        links.extend([filtered(1, 2, 0), filtered(1, 3, 1)]);
        assert!(Walk::new(links, false).from(TagId(1)).is_err());
    }
}
