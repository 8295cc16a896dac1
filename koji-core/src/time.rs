//! Points in time, as Koji keeps and sends them.
//!
//! A [`Timestamp`] is what a `*_time` field shows (`2024-01-02 03:04:05.678901+00:00`), an [`EpochSeconds`] what a
//! `*_ts` field shows (a float). In the database both come from the same column: `TIMESTAMPTZ` on Postgres, whole
//! microseconds since the epoch on SQLite.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MICROS: i64 = 1_000_000;
/// The first year that has four digits.
const YEAR_0: i64 = -62_167_219_200 * MICROS;

/// A point in time: microseconds since 1970-01-01 00:00 UTC.
///
/// Shown and sent as Koji does, in UTC: `2024-01-02 03:04:05.678901+00:00`, without the fraction when it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time; expected YYYY-MM-DD HH:MM:SS with an optional fraction and offset")]
pub struct ParseTimestampError {
    text: String,
}

impl Timestamp {
    /// The system clock's time.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_microsecond())
    }

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// From seconds since the epoch, rounded to the microsecond; clamped to what an `i64` of microseconds holds.
    pub fn from_secs_f64(secs: f64) -> Self {
        // A float to integer cast saturates, and takes NaN for zero.
        Self((secs * MICROS as f64).round() as i64)
    }

    /// Seconds since the epoch, with fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }

    /// The time `secs` seconds later, or earlier when negative; clamped at the ends of the range.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(MICROS)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clamped = self.0.clamp(YEAR_0, jiff::Timestamp::MAX.as_microsecond());
        let time = jiff::Timestamp::from_microsecond(clamped).map_err(|_| fmt::Error)?;
        let t = jiff::tz::Offset::UTC.to_datetime(time);
        // lists are full of times: digit by digit it takes a fraction of what `{:02}` does
        let mut text = *b"YYYY-MM-DD HH:MM:SS.ffffff+00:00";
        let micros = clamped.rem_euclid(MICROS);
        for (place, number) in [
            (0..4, i64::from(t.year())),
            (5..7, i64::from(t.month())),
            (8..10, i64::from(t.day())),
            (11..13, i64::from(t.hour())),
            (14..16, i64::from(t.minute())),
            (17..19, i64::from(t.second())),
            (20..26, micros),
        ] {
            let mut rest = number;
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        let text = std::str::from_utf8(&text).map_err(|_| fmt::Error)?;
        let (seconds, rest) = text.split_at(19);
        f.write_str(seconds)?;
        f.write_str(if micros == 0 { &rest[7..] } else { rest })
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// Reads Koji's form and those that its clients send: a space or `T` between date and time, any offset or `Z`,
    /// UTC when there is none, or a date alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if let Ok(time) = trimmed.parse::<jiff::Timestamp>() {
            return Ok(Self(time.as_microsecond()));
        }
        let error = || ParseTimestampError { text: text.to_owned() };
        let civil: jiff::civil::DateTime = trimmed.parse().map_err(|_| error())?;
        let time = jiff::tz::Offset::UTC.to_timestamp(civil).map_err(|_| error())?;
        Ok(Self(time.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time as text")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A time in UTC: YYYY-MM-DD HH:MM:SS[.ffffff]+00:00",
        })
    }
}

/// A point in time as float seconds since the epoch, the form of Koji's `*_ts` fields.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct EpochSeconds(pub f64);

impl EpochSeconds {
    /// In local time, as Koji's commands and mails show it: `Tue, 14 Nov 2023 22:13:20 UTC`.
    pub fn to_local_text(self) -> String {
        let at = jiff::Timestamp::from_microsecond(Timestamp::from(self).0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%a, %d %b %Y %H:%M:%S %Z").to_string()
    }
}

impl From<Timestamp> for EpochSeconds {
    fn from(time: Timestamp) -> Self {
        Self(time.as_secs_f64())
    }
}

impl From<EpochSeconds> for Timestamp {
    fn from(seconds: EpochSeconds) -> Self {
        Self::from_secs_f64(seconds.0)
    }
}

#[cfg(feature = "sqlx")]
mod database {
    use sqlx::encode::IsNull;
    use sqlx::error::BoxDynError;
    use sqlx::postgres::types::Oid;
    use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
    use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
    use sqlx::{Decode, Encode, Postgres, Sqlite, Type, ValueRef};

    use super::{EpochSeconds, Timestamp};

    /// 2000-01-01, from which Postgres counts, in microseconds since 1970.
    const POSTGRES_EPOCH: i64 = 946_684_800 * super::MICROS;
    const TIMESTAMPTZ: PgTypeInfo = PgTypeInfo::with_oid(Oid(1184));
    const TIMESTAMPTZ_ARRAY: PgTypeInfo = PgTypeInfo::with_oid(Oid(1185));

    impl Type<Postgres> for Timestamp {
        fn type_info() -> PgTypeInfo {
            TIMESTAMPTZ
        }
    }

    impl PgHasArrayType for Timestamp {
        fn array_type_info() -> PgTypeInfo {
            TIMESTAMPTZ_ARRAY
        }
    }

    impl Encode<'_, Postgres> for Timestamp {
        fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
            let micros = self.0.checked_sub(POSTGRES_EPOCH).ok_or("the time is out of Postgres' range")?;
            <i64 as Encode<Postgres>>::encode(micros, buf)
        }
    }

    impl<'r> Decode<'r, Postgres> for Timestamp {
        fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
            match value.format() {
                // "infinity" and "-infinity" are the ends of the range, and stay there.
                PgValueFormat::Binary => {
                    let micros = <i64 as Decode<Postgres>>::decode(value)?;
                    Ok(Self(micros.saturating_add(POSTGRES_EPOCH)))
                }
                PgValueFormat::Text => Ok(value.as_str()?.parse()?),
            }
        }
    }

    impl Type<Sqlite> for Timestamp {
        fn type_info() -> SqliteTypeInfo {
            <i64 as Type<Sqlite>>::type_info()
        }
        fn compatible(ty: &SqliteTypeInfo) -> bool {
            <i64 as Type<Sqlite>>::compatible(ty)
        }
    }

    impl Encode<'_, Sqlite> for Timestamp {
        fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
            <i64 as Encode<Sqlite>>::encode(self.0, buf)
        }
    }

    impl<'r> Decode<'r, Sqlite> for Timestamp {
        fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
            if value.is_null() {
                return Err(sqlx::error::UnexpectedNullError.into());
            }
            Ok(Self(<i64 as Decode<Sqlite>>::decode(value)?))
        }
    }

    impl<DB: sqlx::Database> Type<DB> for EpochSeconds
    where
        Timestamp: Type<DB>,
    {
        fn type_info() -> DB::TypeInfo {
            Timestamp::type_info()
        }
        fn compatible(ty: &DB::TypeInfo) -> bool {
            Timestamp::compatible(ty)
        }
    }

    impl<'q, DB: sqlx::Database> Encode<'q, DB> for EpochSeconds
    where
        Timestamp: Encode<'q, DB>,
    {
        fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
            Timestamp::from(*self).encode_by_ref(buf)
        }
    }

    impl<'r, DB: sqlx::Database> Decode<'r, DB> for EpochSeconds
    where
        Timestamp: Decode<'r, DB>,
    {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(Timestamp::decode(value)?.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_python_isoformat_shows() {
        for (micros, text) in [
            (1_704_164_645_678_901, "2024-01-02 03:04:05.678901+00:00"),
            (1_704_164_645_000_000, "2024-01-02 03:04:05+00:00"),
            (1_704_164_645_000_070, "2024-01-02 03:04:05.000070+00:00"),
            (0, "1970-01-01 00:00:00+00:00"),
            (-1, "1969-12-31 23:59:59.999999+00:00"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp::from_micros(micros)));
        }
    }

    #[test]
    fn reads_the_forms_that_clients_send() {
        let expected = Timestamp::from_micros(1_704_164_645_500_000);
        for text in [
            "2024-01-02 03:04:05.5",
            "2024-01-02T03:04:05.5",
            "2024-01-02T03:04:05.500Z",
            "2024-01-02 05:04:05.500000+02:00",
            "2024-01-01 22:04:05.500000-05",
            " 2024-01-02 03:04:05.500000+00:00 ",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!("2024-01-02".parse(), Ok(Timestamp::from_micros(1_704_153_600_000_000)));
        for text in ["", "now", "2024-13-01 00:00:00", "1704164645"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_round_trip_to_the_microsecond() {
        let time = Timestamp::from_micros(1_704_164_645_678_901);
        assert_eq!(time.as_secs_f64(), 1_704_164_645.678_901);
        assert_eq!(Timestamp::from(EpochSeconds::from(time)), time);
        assert_eq!(serde_json::to_string(&EpochSeconds(1.5)).unwrap(), "1.5");
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2024-01-02 03:04:05.678901+00:00\"");
    }
}
