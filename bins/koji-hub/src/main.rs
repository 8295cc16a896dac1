//! koji-hub
fn main() {}
