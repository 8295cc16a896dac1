//! The commands: the table of all of them, and the list that `koji help` prints.

mod build;
mod builds;
mod call;
mod download;
mod download_task;
mod event;
mod failure;
mod greeting;
mod hosts;
mod inheritance;
mod logs;
mod packages;
mod params;
mod repo_watcher;
mod repos;
mod rpms;
mod tagged;
mod tagging;
mod taginfo;
mod tags;
mod targets;
mod taskinfo;
mod tasks;
mod users;
mod value;
mod verify;
mod watch;

use std::pin::Pin;

use crate::context::Context;
use crate::exit::Outcome;

/// A command.
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// Whether it does not log in by itself.
    pub anonymous: bool,
    category: &'static str,
    about: &'static str,
    /// Runs it with the arguments behind its name.
    pub run: fn(Context, Vec<String>) -> Running,
}

/// A command at work.
type Running = Pin<Box<dyn Future<Output = Outcome>>>;

const CATEGORIES: &[(&str, &str)] = &[
    ("admin", "admin commands"),
    ("bind", "bind commands"),
    ("build", "build commands"),
    ("download", "download commands"),
    ("info", "info commands"),
    ("misc", "miscellaneous commands"),
    ("monitor", "monitor commands"),
    ("search", "search commands"),
];

const ALIASES: &[(&str, &str)] = &[
    ("cancel-task", "cancel"),
    ("cxl", "cancel"),
    ("latest-pkg", "latest-build"),
    ("list-commands", "help"),
    ("move", "move-build"),
    ("move-pkg", "move-build"),
    ("tag", "tag-build"),
    ("tag-pkg", "tag-build"),
    ("untag", "untag-build"),
    ("untag-pkg", "untag-build"),
    ("watch-tasks", "watch-task"),
];

macro_rules! commands {
    ($($kind:ident $category:literal $name:literal $about:literal => $run:path;)*) => {
        const COMMANDS: &[Command] = &[$(Command {
            name: $name,
            anonymous: commands!(@$kind),
            category: $category,
            about: $about,
            run: |cx, args| Box::pin($run(cx, args)),
        }),*];
    };
    (@anon) => { true };
    (@auth) => { false };
}

commands! {
    auth "admin" "add-host" "Add a host" => hosts::add;
    auth "admin" "add-host-to-channel" "Add a host to a channel" => hosts::add_to_channel;
    auth "admin" "add-pkg" "Add a package to the listing for tag" => packages::add;
    auth "admin" "add-tag" "Add a new tag to the database" => tags::add;
    auth "admin" "add-tag-inheritance" "Add to a tag's inheritance" => inheritance::add;
    auth "admin" "add-target" "Create a new build target" => targets::add;
    auth "admin" "add-user" "Add a user" => users::add;
    auth "build" "build" "Build a package from source" => build::build;
    anon "info" "buildinfo" "Print basic information about a build" => builds::info;
    auth "misc" "call" "Execute an arbitrary XML-RPC call" => call::call;
    auth "build" "cancel" "Cancel tasks and/or builds" => tasks::cancel;
    anon "download" "download-build" "Download a completed build" => download::build;
    anon "download" "download-logs" "Download logs for task" => logs::download;
    anon "download" "download-task" "Download the output of a build task" => download_task::task;
    auth "admin" "edit-tag" "Alter tag information" => tags::edit;
    auth "admin" "free-task" "Free a task" => tasks::free;
    auth "admin" "grant-permission" "Grant a permission to a user" => users::grant_permission;
    anon "info" "help" "List available commands" => help;
    anon "info" "latest-build" "Print the latest builds for a tag" => tagged::latest;
    anon "info" "list-api" "Print the list of XML-RPC APIs" => call::list_api;
    anon "info" "list-buildroot" "List the rpms used in or built in a buildroot" => rpms::list_buildroot;
    anon "info" "list-builds" "Print the build listing" => builds::list;
    anon "info" "list-hosts" "Print the host listing" => hosts::list;
    anon "info" "list-pkgs" "Print the package listing for tag or for owner" => packages::list;
    anon "info" "list-tag-inheritance" "Print the inheritance information for a tag" => inheritance::list;
    anon "info" "list-tagged" "List the builds or rpms in a tag" => tagged::list;
    anon "info" "list-tags" "Print the list of tags" => tags::list;
    anon "info" "list-targets" "List the build targets" => targets::list;
    auth "info" "list-tasks" "Print the list of tasks" => tasks::list;
    auth "misc" "moshimoshi" "Introduce yourself" => greeting::hello;
    auth "bind" "move-build" "'Move' one or more builds between tags" => tagging::move_build;
    auth "admin" "regen-repo" "Generate a current repo if there is not one" => repos::regen;
    auth "misc" "request-repo" "Request a repo for a tag" => repos::request;
    auth "build" "resubmit" "Retry a canceled or failed task, using the same parameter as the original task."
        => tasks::resubmit;
    anon "info" "rpminfo" "Print basic information about an RPM" => rpms::info;
    auth "bind" "tag-build" "Apply a tag to one or more builds" => tagging::tag;
    anon "info" "taginfo" "Print basic information about a tag" => taginfo::info;
    anon "info" "taskinfo" "Show information about a task" => taskinfo::info;
    auth "bind" "untag-build" "Remove a tag from one or more builds" => tagging::untag;
    auth "misc" "version" "Report client and hub versions" => greeting::version;
    anon "monitor" "wait-repo" "Wait for a repo to be regenerated" => repos::wait;
    auth "monitor" "wait-repo-request" "Wait for an existing repo request" => repos::wait_request;
    anon "monitor" "watch-logs" "Watch logs in realtime" => watch::logs;
    anon "monitor" "watch-task" "Track progress of particular tasks" => watch::task;
}

/// The command of that name or alias. Any greeting is `moshimoshi`.
pub fn find(name: &str) -> Option<&'static Command> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    let name = if greeting::is_greeting(name) { "moshimoshi" } else { name };
    let name = name.replace('_', "-");
    COMMANDS.iter().find(|command| command.name == name)
}

/// Prints the commands of some categories, or of all without any.
pub fn list(program: &str, chosen: &[&str]) {
    let all = chosen.is_empty() || chosen.contains(&"all");
    crate::say!("Available commands:");
    for (category, title) in CATEGORIES {
        if all || chosen.contains(category) {
            crate::say!("\n{title}:");
            for command in COMMANDS.iter().filter(|command| command.category == *category) {
                crate::say!("        {:<25} {}", command.name, command.about);
            }
        }
    }
    crate::say!("{}", epilog(program).trim_end_matches('\n'));
}

/// Where there is more help.
pub fn epilog(program: &str) -> String {
    let mut categories: Vec<&str> = CATEGORIES.iter().map(|(name, _)| *name).collect();
    categories.push("all");
    categories.sort_unstable();
    format!(
        "\nTry \"{program} --help\" for help about global options\n\
         Try \"{program} help\" to get all available commands\n\
         Try \"{program} <command> --help\" for help about the options of a particular command\n\
         Try \"{program} help <category>\" to get commands under a particular category\n\
         Available categories are: {}\n",
        categories.join(", ")
    )
}

async fn help(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("help <category> ...");
    let admin = p.flag(&["--admin"], "");
    p.hidden();
    let (o, args) = p.parse(args)?;
    let mut chosen: Vec<&str> = args.iter().map(String::as_str).collect();
    if o.get(admin) {
        chosen.push("admin");
    }
    let known = |name: &str| name == "all" || CATEGORIES.iter().any(|(category, _)| *category == name);
    let mut code = 0;
    for unknown in chosen.extract_if(.., |name| !known(name)) {
        crate::say!("No such help category: {unknown}");
        code = 1;
    }
    if code == 0 || !chosen.is_empty() {
        list(&cx.program, &chosen);
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_all_their_names() {
        for (name, expected) in
            [("list-tags", "list-tags"), ("list_tags", "list-tags"), ("cxl", "cancel"), ("Hello", "moshimoshi")]
        {
            assert_eq!(find(name).map(|command| command.name), Some(expected), "{name}");
        }
        assert!(find("nosuchcommand").is_none());
        for (_, name) in ALIASES {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        assert!(COMMANDS.iter().all(|command| CATEGORIES.iter().any(|(name, _)| *name == command.category)));
    }
}
