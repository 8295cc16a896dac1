//! A builder with a task handler of its own: `custom_kojid -f -c kojid.conf` does what kojid does, and `countWords` tasks.
//!
//! `koji make-task countWords "some text"` asks for one.

use std::process::ExitCode;

use koji_builder_lib::{Handlers, TaskContext, TaskError, TaskHandler};

koji_core::task_args! {
    /// Counts the words of a text.
    "countWords" => CountWords(text: String);
}

struct WordCounter;

impl TaskHandler for WordCounter {
    type Args = CountWords;
    type Output = i32;

    async fn run(&self, args: CountWords, cx: &TaskContext) -> Result<i32, TaskError> {
        eprintln!("task {} counts words", cx.id());
        i32::try_from(args.text.split_whitespace().count()).map_err(|e| TaskError::generic(e.to_string()))
    }
}

fn main() -> ExitCode {
    koji_builder_lib::main(Handlers::standard().with(WordCounter))
}
