//! kojid
fn main() {}
