//! What callers give by name, where a method's definition does not say of what type.

use koji_core::api::Param;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::error::fail;

/// A value of a type; a fault that names it if it is of another.
pub(crate) fn read<T: Param>(name: &str, value: Value) -> Result<T> {
    match T::from_value(value) {
        Ok(value) => Ok(value),
        Err(why) => fail!(Parameter, "invalid value for {name}: {why}"),
    }
}

/// Takes a member out of a struct, if it is there.
pub(crate) fn take<T: Param>(from: &mut Struct, name: &str) -> Result<Option<T>> {
    from.remove(name).map(|value| read(name, value)).transpose()
}
