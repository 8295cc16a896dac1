//! kojira
fn main() {}
