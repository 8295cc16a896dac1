//! `add-pkg`, `list-pkgs`.

use koji_core::api::packages::{ListPackages, PackageListAdd};
use koji_core::api::tags::GetTag;
use koji_core::api::users::GetUser;
use koji_core::model::{PackageListItem, TagPackage};

use super::event::EventOptions;
use super::tags::arch_text;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::output::or_none;
use crate::say;

/// `koji add-pkg`
pub async fn add(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("add-pkg [options] --owner <owner> <tag> <package> [<package> ...]");
    let force = p.flag(&["--force"], "Override blocks if necessary");
    let owner = p.text(&["--owner"], "", "Specify owner");
    let arches = p.text(&["--extra-arches"], "", "Specify extra arches");
    let (o, args) = p.parse(args)?;
    let (tag, packages) = match args.as_slice() {
        [tag, packages @ ..] if !packages.is_empty() => (tag, packages),
        _ => return Err(o.error("Please specify a tag and at least one package")),
    };
    let Some(owner) = o.get(owner).filter(|owner| !owner.is_empty()) else {
        return Err(o.error("Please specify an owner for the package(s)"));
    };
    if cx.session.call(GetUser::new().user_info(owner.as_str())).await?.is_none() {
        return Err(Stop::error(format_args!("No such user: {owner}")));
    }
    cx.activate().await?;
    let found = cx.session.call(GetTag::new(tag.as_str())).await?;
    let found = found.ok_or_else(|| Stop::error(format_args!("No such tag: {tag}")))?;
    let listed = ListPackages::new().tag_id(found.id).with_owners(false);
    let listed: Vec<PackageListItem> = cx.session.call_into(listed).await?;
    let extra_arches = arch_text(o.get(arches))?;
    let mut m = cx.session.multicall().strict(true);
    for package in packages {
        if listed.iter().any(|item| item.package_name == *package) {
            say!("Package {package} already exists in tag {tag}");
            continue;
        }
        let mut add = PackageListAdd::new(tag.as_str(), package.as_str()).owner(owner.as_str()).block(false);
        add.force = o.get(force);
        add.extra_arches = extra_arches.clone();
        m.call(add);
    }
    say!("Adding {} packages to tag {}", m.len(), found.name);
    m.run().await?;
    Ok(0)
}

/// `koji list-pkgs`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-pkgs [options]");
    let owner = p.text(&["--owner"], "", "Specify owner");
    let tag = p.text(&["--tag"], "", "Specify tag");
    let package = p.text(&["--package"], "", "Specify package");
    let quiet = p.flag(&["--quiet"], "Do not print header information");
    let noinherit = p.flag(&["--noinherit"], "Don't follow inheritance");
    let show_blocked = p.flag(&["--show-blocked"], "Show blocked packages");
    let show_dups = p.flag(&["--show-dups"], "Show superseded owners");
    let when = EventOptions::declare(&mut p);
    let (o, args) = p.parse(args)?;
    if !args.is_empty() {
        return Err(o.error("This command takes no arguments"));
    }
    cx.connect().await?;
    let mut list = ListPackages::new().inherited(!o.get(noinherit));
    if let Some(name) = o.get(owner) {
        let user = cx.session.call(GetUser::new().user_info(name.as_str())).await?;
        list.user_id = Some(user.ok_or_else(|| o.error(format_args!("No such user: {name}")))?.id.into());
    }
    if let Some(name) = o.get(tag) {
        let tag = cx.session.call(GetTag::new(name.as_str())).await?;
        list.tag_id = Some(tag.ok_or_else(|| o.error(format_args!("No such tag: {name}")))?.id.into());
    }
    list.pkg_id = o.get(package).map(Into::into);
    // superseded entries can only be told in a tag
    list.with_dups = list.tag_id.is_none() || o.get(show_dups);
    let all = list.user_id.is_none() && list.tag_id.is_none() && list.pkg_id.is_none();
    list.event = when.announce(&cx, &o, false).await?;
    if all && list.event.is_some() {
        return Err(o.error("--event and --ts makes sense only with --tag, --owner or --package"));
    }
    if all && o.get(show_blocked) {
        return Err(o.error("--show-blocked makes sense only with --tag, --owner or --package"));
    }
    let quiet = cx.quiet || o.get(quiet);
    if all {
        return print_all(cx.session.call_into(list).await?, quiet);
    }
    let packages: Vec<TagPackage> = cx.session.call_into(list).await?;
    if packages.is_empty() {
        return Err(Stop::error("(no matching packages)"));
    }
    if !quiet {
        say!("{:<23} {:<23} {:<16} {:<15}", "Package", "Tag", "Extra Arches", "Owner");
        say!("{0} {0} {1} {2}", "-".repeat(23), "-".repeat(16), "-".repeat(15));
    }
    for package in packages.into_iter().filter(|package| o.get(show_blocked) || !package.blocked) {
        say!(
            "{:<23} {:<23} {:<16} {:<15}{}",
            package.package_name,
            package.tag_name,
            package.extra_arches.unwrap_or_default(),
            or_none(package.owner_name),
            if package.blocked { " [BLOCKED]" } else { "" }
        );
    }
    Ok(0)
}

fn print_all(packages: Vec<PackageListItem>, quiet: bool) -> Outcome {
    if packages.is_empty() {
        return Err(Stop::error("(no matching packages)"));
    }
    if !quiet {
        say!("Package");
        say!("{}", "-".repeat(23));
    }
    for package in packages {
        say!("{}", package.package_name);
    }
    Ok(0)
}
