//! The builder against a hub: what becomes of tasks and their processes, and builds from source to repo.
//!
//! A program that runs a task manager is started again for each task, so this has a `main` of its own. It takes the
//! arguments by which test runners list and choose tests.

mod builds;
mod mail;
mod setup;
mod smtp;
mod tasks;

use koji_builder_lib::run_task_process_if_asked;

type Test = (&'static str, fn());

const TESTS: &[Test] = &[
    ("a_task_is_begun_at_once_and_done", tasks::a_task_is_begun_at_once_and_done),
    ("a_canceled_task_leaves_no_process", tasks::a_canceled_task_leaves_no_process),
    ("a_killed_manager_takes_its_tasks_along", tasks::a_killed_manager_takes_its_tasks_along),
    ("a_manager_that_ends_gives_its_tasks_back", tasks::a_manager_that_ends_gives_its_tasks_back),
    ("a_manager_ends_also_when_its_hub_is_gone", tasks::a_manager_ends_also_when_its_hub_is_gone),
    ("mail_tells_of_tagging", mail::mail_tells_of_tagging),
    (
        "mail_that_is_not_taken_fails_its_task_and_can_be_sent_again",
        mail::mail_that_is_not_taken_fails_its_task_and_can_be_sent_again,
    ),
    ("a_package_is_built_with_what_another_build_made", builds::a_package_is_built_with_what_another_build_made),
];

fn main() {
    run_task_process_if_asked(&setup::handlers());
    setup::run_manager_if_asked();
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        // there are no ignored ones
        let listed = if args.iter().any(|arg| arg == "--ignored") { &[] } else { TESTS };
        listed.iter().for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    let exact = args.iter().any(|arg| arg == "--exact");
    let wanted = args.iter().filter(|arg| !arg.starts_with('-')).collect::<Vec<_>>();
    for (name, test) in TESTS {
        let chosen = |filter: &&String| if exact { filter.as_str() == *name } else { name.contains(filter.as_str()) };
        if wanted.is_empty() || wanted.iter().any(chosen) {
            test();
            println!("test {name} ... ok");
        }
    }
}
