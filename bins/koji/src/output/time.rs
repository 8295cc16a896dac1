//! Moments, in local time as Koji's commands show them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use koji_core::time::EpochSeconds;

fn local(seconds: f64) -> Zoned {
    // a float to integer cast saturates
    let micros = Timestamp::from_microsecond((seconds * 1e6).floor() as i64).unwrap_or(Timestamp::UNIX_EPOCH);
    micros.to_zoned(TimeZone::system())
}

/// `Tue, 14 Nov 2023 22:13:20 UTC`.
pub fn long(at: EpochSeconds) -> String {
    at.to_local_text()
}

/// As [`long`], empty for none.
pub fn long_or_empty(at: Option<EpochSeconds>) -> String {
    at.map(long).unwrap_or_default()
}

/// C's `asctime`: `Sun Nov 22 08:11:54 2026`.
pub fn asctime(at: EpochSeconds) -> String {
    local(at.0).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// Now, as at the beginning of a line in a log: `2026-11-22 08:12:22,835`.
pub fn log_stamp() -> String {
    let now = Zoned::now();
    format!("{},{:03}", now.strftime("%Y-%m-%d %H:%M:%S"), now.millisecond())
}

/// Seconds since 1970, from just that or from a local date with or without a time.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_second() as f64);
    }
    const FORMATS: &[&str] = &[
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%a %b %d %H:%M:%S %Y",
        "%d %b %Y %H:%M:%S",
        "%d %b %Y %H:%M",
        "%b %d %Y %H:%M",
        "%B %d %Y %H:%M",
    ];
    const DATES: &[&str] =
        &["%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%Y%m%d"];
    let civil = text.parse::<DateTime>().ok();
    let civil = civil.or_else(|| FORMATS.iter().find_map(|format| DateTime::strptime(format, text).ok()));
    let civil = civil.or_else(|| {
        let date = DATES.iter().find_map(|format| jiff::civil::Date::strptime(format, text).ok())?;
        Some(date.to_datetime(jiff::civil::Time::midnight()))
    })?;
    Some(civil.to_zoned(TimeZone::system()).ok()?.timestamp().as_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_look_like_koji() {
        let at = EpochSeconds(1_700_000_000.9);
        let zone = local(at.0).strftime("%Z").to_string();
        assert!(long(at).ends_with(&format!("2023 {}:20 {zone}", local(at.0).strftime("%H:%M"))), "{}", long(at));
        assert_eq!(asctime(EpochSeconds(1_701_400_000.0)).len(), 24);
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let midnight = parse("2023-11-14").unwrap();
        assert_eq!(parse("1700000000.5"), Some(1_700_000_000.5));
        for text in ["2023-11-14 00:00:00", "2023/11/14", "14 Nov 2023", "November 14 2023", "2023-11-14T00:00"] {
            assert_eq!(parse(text), Some(midnight), "{text}");
        }
        assert_eq!(parse("2023-11-14T00:00:00Z"), Some(1_699_920_000.0));
        assert_eq!(parse("yesterdayish"), None);
    }
}
