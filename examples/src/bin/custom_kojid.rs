//! A builder with a task handler of its own: `custom_kojid -f -c kojid.conf` does what kojid does, and `countWords` tasks.
//!
//! `koji make-task countWords "some text"` asks for one.

use std::process::ExitCode;

use koji_builder_lib::{Handlers, TaskContext, TaskError, TaskHandler};
use koji_core::api::{Args, Param, ParamInfo, ParamKind};
use koji_core::fault::Fault;
use koji_core::task::TaskArgs;
use koji_core::xmlrpc::Value;

/// The arguments of a `countWords` task: one text.
struct CountWords {
    text: String,
}

impl TaskArgs for CountWords {
    const METHOD: &'static str = "countWords";

    fn params() -> Vec<ParamInfo> {
        vec![ParamInfo { name: "text", default: None, kind: ParamKind::One }]
    }

    fn from_request(request: &[Value]) -> Result<Self, Fault> {
        let bound = Args::from_params(request.to_vec()).bind(Self::METHOD, &Self::params())?;
        let text = bound.into_iter().next().flatten().unwrap_or_default();
        Ok(CountWords { text: String::from_value(text).map_err(Fault::generic)? })
    }

    fn into_request(self) -> Vec<Value> {
        vec![self.text.into()]
    }
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
