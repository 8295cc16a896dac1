//! `add-tag-inheritance`, `list-tag-inheritance`.

use koji_core::api::OneOrMany;
use koji_core::api::tags::{GetFullInheritance, GetInheritanceData, GetTag, SetInheritanceData};
use koji_core::model::{InheritanceStep, Tag};
use koji_core::xmlrpc::{Struct, Value};

use super::event::EventOptions;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::Parsed;
use crate::say;

/// What is special about a link: `M`axdepth, a package `F`ilter, `I`ntransitive, `N`oconfig.
pub fn flags(maxdepth: Option<i32>, filter: Option<&str>, intransitive: bool, noconfig: bool) -> String {
    [
        ('M', maxdepth.is_some()),
        ('F', filter.is_some_and(|filter| !filter.is_empty())),
        ('I', intransitive),
        ('N', noconfig),
    ]
    .map(|(flag, set)| if set { flag } else { '.' })
    .into_iter()
    .collect()
}

async fn tag(cx: &Context, o: &Parsed, name: &str) -> Result<Tag, Stop> {
    let tag = cx.session.call(GetTag::new(name)).await?;
    tag.ok_or_else(|| o.error(format_args!("No such tag: {name}")))
}

/// `koji add-tag-inheritance`
pub async fn add(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("add-tag-inheritance [options] <tag> <parent-tag>");
    let priority = p.text(&["--priority"], "", "Specify priority");
    let maxdepth = p.text(&["--maxdepth"], "", "Specify max depth");
    let intransitive = p.flag(&["--intransitive"], "Set intransitive");
    let noconfig = p.flag(&["--noconfig"], "Set to packages only");
    let filter = p.text(&["--pkg-filter"], "", "Specify the package filter");
    let force = p.flag(&["--force"], "Force adding a parent to a tag that already has that parent tag");
    let (o, args) = p.parse(args)?;
    let [child, parent] = args.as_slice() else {
        return Err(
            o.error("This command takes exactly two arguments: a tag name or ID and that tag's new parent name or ID")
        );
    };
    cx.activate().await?;
    let child = tag(&cx, &o, child).await?;
    let parent = tag(&cx, &o, parent).await?;
    let priority = match o.get(priority).filter(|text| !text.is_empty()) {
        Some(text) => text
            .trim()
            .parse::<i32>()
            .map_err(|_| o.error(format_args!("option --priority: invalid integer value: '{text}'")))?,
        None => 0,
    };
    let mut links: Vec<Struct> = cx.session.call_into(GetInheritanceData::new(child.id)).await?;
    let has = |key: &str, value: i32| links.iter().any(|link| link.get(key) == Some(&value.into()));
    if has("parent_id", parent.id.0) && !o.get(force) {
        crate::warn!(
            "Error: You are attempting to add {} as {child}'s parent even though it already is {child}'s parent.",
            parent.name,
            child = child.name
        );
        return Err(Stop::error("Please use --force if this is what you really want to do."));
    }
    if has("priority", priority) {
        return Err(Stop::error(format_args!(
            "Error: There is already an active inheritance with that priority on {}, please specify a different \
             priority with --priority.",
            child.name
        )));
    }
    let maxdepth = o.get(maxdepth).and_then(|text| text.parse::<u16>().ok());
    let link: [(&str, Value); 6] = [
        ("parent_id", parent.id.0.into()),
        ("priority", priority.into()),
        ("maxdepth", maxdepth.map(i32::from).into()),
        ("intransitive", o.get(intransitive).into()),
        ("noconfig", o.get(noconfig).into()),
        ("pkg_filter", o.get(filter).unwrap_or_default().into()),
    ];
    links.push(link.into_iter().collect());
    cx.session.call(SetInheritanceData::new(child.id, OneOrMany(links))).await?;
    Ok(0)
}

/// `koji list-tag-inheritance`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(
        "list-tag-inheritance [options] <tag>\n\n\
         Prints tag inheritance with basic information about links.\n\
         Four flags could be seen in the output:\n \
         M - maxdepth - limits inheritance to n-levels\n \
         F - package filter (packages ignored for inheritance)\n \
         I - intransitive link - inheritance immediately stops here\n \
         N - noconfig - if tag is used in buildroot, its configuration values will not be used\n\n\
         Exact values for maxdepth and package filter can be inquired by taginfo command.\n",
    );
    let reverse = p.flag(&["--reverse"], "Process tag's children instead of its parents");
    let stop = p.text(&["--stop"], "", "");
    p.hidden();
    let jump = p.text(&["--jump"], "", "");
    p.hidden();
    let when = EventOptions::declare(&mut p);
    let (o, args) = p.parse(args)?;
    let [name] = args.as_slice() else {
        return Err(o.error("This command takes exactly one argument: a tag name or ID"));
    };
    for (opt, name) in [(stop, "stop"), (jump, "jump")] {
        if o.get(opt).is_some() {
            return Err(o.error(format_args!("--{name} option has been removed in 1.26")));
        }
    }
    cx.connect().await?;
    let event = when.announce(&cx, &o, false).await?;
    let mut get = GetTag::new(name.as_str());
    get.event = event.map(Into::into);
    let tag = cx.session.call(get).await?;
    let tag = tag.ok_or_else(|| o.error(format_args!("No such tag: {name}")))?;
    say!("     {} ({})", tag.name, tag.id);
    let mut get = GetFullInheritance::new(tag.id).reverse(o.get(reverse));
    get.event = event;
    for line in tree(&cx.session.call(get).await?, o.get(reverse)) {
        say!("{line}");
    }
    Ok(0)
}

/// The lines of the tree. Steps come depth first.
fn tree(steps: &[InheritanceStep], reverse: bool) -> Vec<String> {
    // the depths at which further siblings follow
    let mut open: Vec<i32> = Vec::new();
    let branch = |step: &InheritanceStep| if reverse { Some(step.parent_id) } else { step.child_id };
    let mut lines = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let more = steps[at + 1..].iter().any(|other| branch(other) == branch(step));
        let mut line = flags(step.maxdepth, step.pkg_filter.as_deref(), step.intransitive, step.noconfig);
        let mut drawn = 0;
        let spaces = |depths: i32| " ".repeat(usize::try_from(depths * 3 - 1).unwrap_or_default());
        for depth in open.iter().copied().filter(|depth| *depth < step.currdepth) {
            line.push_str(&spaces(depth - drawn));
            line.push('│');
            drawn = depth;
        }
        line.push_str(&spaces(step.currdepth - drawn));
        line.push_str(if more { "├─" } else { "└─" });
        let id = if reverse { step.tag_id.map_or(0, |id| id.0) } else { step.parent_id.0 };
        line.push_str(&format!("{} ({id})", step.name));
        lines.push(line);
        match (more, open.last() == Some(&step.currdepth)) {
            (true, false) => open.push(step.currdepth),
            (false, true) => {
                open.pop();
            }
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use koji_core::ids::TagId;

    use super::*;

    fn step(name: &str, parent: i32, child: i32, depth: i32) -> InheritanceStep {
        InheritanceStep {
            parent_id: TagId(parent),
            name: name.to_owned(),
            priority: 0,
            maxdepth: None,
            intransitive: false,
            noconfig: false,
            pkg_filter: None,
            child_id: Some(TagId(child)),
            tag_id: None,
            nextdepth: None,
            currdepth: depth,
            filter: Vec::new(),
        }
    }

    #[test]
    fn trees_are_drawn() {
        let side = InheritanceStep {
            maxdepth: Some(1),
            pkg_filter: Some("^a.*".to_owned()),
            noconfig: true,
            ..step("side", 5, 4, 1)
        };
        let steps = [step("upper", 3, 4, 1), step("mid", 2, 3, 2), step("base", 1, 2, 3), side];
        let expected = ["....  ├─upper (3)", "....  │  └─mid (2)", "....  │     └─base (1)", "MF.N  └─side (5)"];
        assert_eq!(tree(&steps, false), expected);
    }
}
