//! Free-form JSON in the database: [`JsonText`] for `TEXT` columns, [`Json`] for `JSONB` columns.
//!
//! Koji keeps `build.extra`, `tag_extra.value` and their like as text, `repo.opts` and the scheduler's data as JSONB.
//! SQLite has text for both. On the wire both are simply the value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// JSON that is stored as text (`build.extra`, `rpminfo.extra`, `tag_extra.value`, ...).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct JsonText(pub Value);

/// JSON that Postgres stores as `JSONB` or `JSON` (`repo.opts`, `repo_queue.opts`, `external_repo_data.data`, ...).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Json(pub Value);

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

#[cfg(feature = "sqlx")]
mod database {
    use sqlx::encode::IsNull;
    use sqlx::error::BoxDynError;
    use sqlx::{Database, Decode, Encode, Type};

    use super::{Json, JsonText, Value};

    impl<DB: Database> Type<DB> for JsonText
    where
        String: Type<DB>,
    {
        fn type_info() -> DB::TypeInfo {
            String::type_info()
        }
        fn compatible(ty: &DB::TypeInfo) -> bool {
            String::compatible(ty)
        }
    }

    impl<'q, DB: Database> Encode<'q, DB> for JsonText
    where
        String: Encode<'q, DB>,
    {
        fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
            self.0.to_string().encode(buf)
        }
    }

    impl<'r, DB: Database> Decode<'r, DB> for JsonText
    where
        &'r str: Decode<'r, DB>,
    {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(Self(serde_json::from_str(<&str>::decode(value)?)?))
        }
    }

    impl<DB: Database> Type<DB> for Json
    where
        Value: Type<DB>,
    {
        fn type_info() -> DB::TypeInfo {
            Value::type_info()
        }
        fn compatible(ty: &DB::TypeInfo) -> bool {
            Value::compatible(ty)
        }
    }

    impl<'q, DB: Database> Encode<'q, DB> for Json
    where
        Value: Encode<'q, DB>,
    {
        fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
            self.0.encode_by_ref(buf)
        }
    }

    impl<'r, DB: Database> Decode<'r, DB> for Json
    where
        Value: Decode<'r, DB>,
    {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
            Ok(Self(Value::decode(value)?))
        }
    }
}
