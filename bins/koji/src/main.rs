//! koji
fn main() {}
