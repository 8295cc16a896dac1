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

/// A fault unless a value is of the type that Python calls so: `str`, `list`, `dict`.
pub(crate) fn check_type(value: &Value, expected: &str) -> Result<()> {
    match value.type_name() {
        found if found == expected => Ok(()),
        "NoneType" => fail!(Parameter, "Invalid type, expected type <class '{expected}'>"),
        found => fail!(
            Parameter,
            "Invalid type for value '{}': <class '{found}'>, expected type <class '{expected}'>",
            koji_core::python::str(value)
        ),
    }
}

/// Takes a member out of a struct, if it is there.
pub(crate) fn take<T: Param>(from: &mut Struct, name: &str) -> Result<Option<T>> {
    from.remove(name).map(|value| read(name, value)).transpose()
}
