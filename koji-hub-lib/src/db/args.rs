//! Statement parameters that either database takes.

use serde::Serialize;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgTypeInfo};
use sqlx::sqlite::{SqliteArguments, SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Arguments, Postgres, Sqlite, Type};

use super::DbError;

/// A value that either database can take as a parameter.
///
/// Everything is that `sqlx` can encode for both: numbers, `bool`, text, the types of `koji-core` with the `sqlx`
/// feature, anything that derives `sqlx::Type`, references to and `Option`s of these, and a [`list`].
pub trait Bind<'a>: Send + 'a {
    #[doc(hidden)]
    fn bind_sqlite(&self, args: &mut SqliteArguments) -> Result<(), BoxDynError>;
    #[doc(hidden)]
    fn bind_postgres(&self, args: &mut PgArguments) -> Result<(), BoxDynError>;
}

impl<'a, T> Bind<'a> for T
where
    T: Encode<'a, Sqlite> + Type<Sqlite> + Encode<'a, Postgres> + Type<Postgres> + Send + 'a,
{
    fn bind_sqlite(&self, args: &mut SqliteArguments) -> Result<(), BoxDynError> {
        args.add(self)
    }

    fn bind_postgres(&self, args: &mut PgArguments) -> Result<(), BoxDynError> {
        args.add(self)
    }
}

/// One statement parameter; made `from` any [`Bind`] value.
pub struct Arg<'a>(Box<dyn Bind<'a>>);

impl<'a, T: Bind<'a>> From<T> for Arg<'a> {
    fn from(value: T) -> Self {
        Self(Box::new(value))
    }
}

/// A statement's parameters, `$1` first; made by [`args!`](crate::args).
pub type Args<'a> = Vec<Arg<'a>>;

/// The parameters of a statement: `args![tag_id, name, None::<i32>, list(&ids)]`.
#[macro_export]
#[doc(hidden)]
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::db::Arg::from($value)),*]
    };
}

pub(super) fn sqlite(args: &[Arg<'_>]) -> Result<SqliteArguments, DbError> {
    let mut encoded = SqliteArguments::default();
    encoded.reserve(args.len(), 0);
    for arg in args {
        arg.0.bind_sqlite(&mut encoded).map_err(sqlx::Error::Encode)?;
    }
    Ok(encoded)
}

pub(super) fn postgres(args: &[Arg<'_>]) -> Result<PgArguments, DbError> {
    let mut encoded = PgArguments::default();
    for arg in args {
        arg.0.bind_postgres(&mut encoded).map_err(sqlx::Error::Encode)?;
    }
    Ok(encoded)
}

/// A list as one parameter, for `{in "$1"}` and `{each "$1", "x"}` in [`sql!`](crate::sql).
#[derive(Debug, Clone, Copy)]
pub struct List<'a, T>(&'a [T]);

/// Numbers, ids or texts as one parameter: an array on Postgres, a JSON array on SQLite.
pub fn list<T>(values: &[T]) -> List<'_, T> {
    List(values)
}

impl<T> Type<Sqlite> for List<'_, T> {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<T: Serialize> Encode<'_, Sqlite> for List<'_, T> {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<'_, Sqlite>>::encode(serde_json::to_string(self.0)?, buf)
    }
}

impl<T: PgHasArrayType> Type<Postgres> for List<'_, T> {
    fn type_info() -> PgTypeInfo {
        T::array_type_info()
    }
}

impl<'q, T> Encode<'q, Postgres> for List<'_, T>
where
    T: Encode<'q, Postgres> + Type<Postgres>,
{
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.encode_by_ref(buf)
    }
}

/// A [`list`] that owns its values.
#[derive(Debug, Clone)]
pub struct OwnedList<T>(pub Vec<T>);

impl<T> Type<Sqlite> for OwnedList<T> {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<T: Serialize> Encode<'_, Sqlite> for OwnedList<T> {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        list(&self.0).encode_by_ref(buf)
    }
}

impl<T: PgHasArrayType> Type<Postgres> for OwnedList<T> {
    fn type_info() -> PgTypeInfo {
        T::array_type_info()
    }
}

impl<'q, T> Encode<'q, Postgres> for OwnedList<T>
where
    T: Encode<'q, Postgres> + Type<Postgres>,
{
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.encode_by_ref(buf)
    }
}
