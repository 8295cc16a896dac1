//! Python's own `koji` against our hub and builder.

use koji_tests::Standalone;

#[test]
fn hello() {
    let koji = Standalone::shared();
    assert!(koji.python(&["hello"]).ok().contains("admin"));
}
