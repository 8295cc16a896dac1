//! kojid, the builder program, with the handlers that every builder has.

use std::process::ExitCode;

use koji_builder_lib::Handlers;

fn main() -> ExitCode {
    koji_builder_lib::main(Handlers::standard())
}
