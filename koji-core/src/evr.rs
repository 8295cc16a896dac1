//! Comparison of epoch, version and release, as rpm does it (`~` and `^` included).

pub use rpm_version::Evr;

/// The [`Evr`] of a record. A missing epoch compares equal to 0.
///
/// Compare with `<`, `>` or `cmp`: `==` compares the text, in which `1.1` and `1.01` differ.
///
/// ```
/// use koji_core::evr::evr;
/// assert!(evr(None, "1.0~rc1", "1") < evr(None, "1.0", "1"));
/// assert!(evr(Some(1), "1.0", "1") > evr(None, "2.0", "1"));
/// ```
pub fn evr<'a>(epoch: Option<i64>, version: &'a str, release: &'a str) -> Evr<'a> {
    let mut evr = Evr::new("", version, release);
    if let Some(epoch) = epoch {
        evr.set_epoch(epoch.to_string());
    }
    evr
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    #[test]
    fn orders_as_rpm_label_compare() {
        let cases = [
            ((None, "1", "1"), (Some(0), "1", "1"), Ordering::Equal),
            ((Some(9), "1", "1"), (Some(10), "1", "1"), Ordering::Less),
            ((None, "1.10", "1"), (None, "1.9", "1"), Ordering::Greater),
            ((None, "1.0", "1.fc9"), (None, "1.0", "1.fc10"), Ordering::Less),
            ((None, "1.0^git1", "1"), (None, "1.0", "1"), Ordering::Greater),
            ((None, "1.0", "1~beta"), (None, "1.0", "1"), Ordering::Less),
            ((None, "1.01", "1"), (None, "1.1", "1"), Ordering::Equal),
        ];
        for ((e1, v1, r1), (e2, v2, r2), expected) in cases {
            assert_eq!(evr(e1, v1, r1).cmp(&evr(e2, v2, r2)), expected, "{v1}-{r1} {v2}-{r2}");
        }
    }
}
