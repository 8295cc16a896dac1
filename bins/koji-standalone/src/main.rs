//! koji-standalone
fn main() {}
