//! The one definition of each API method, and what is made of it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::param::ParamKind;
use crate::fault::{Fault, FaultKind};
use crate::xmlrpc::{Struct, Value};

/// A method of the hub's API: the request with its parameters, which answers with an [`Output`](Method::Output).
pub trait Method: Sized + Send + 'static {
    /// What it answers with.
    type Output: Serialize + DeserializeOwned + Send;
    /// Its wire name, who may call it, and whether it writes.
    const INFO: MethodInfo;
    /// Reads the parameters of a call.
    fn from_args(args: Args) -> Result<Self, ArgsError>;
    /// Writes the parameters of a call: the mandatory ones by position, the others by name if they differ from their
    /// defaults.
    fn into_params(self) -> Vec<Value>;
    /// The parameters in wire order.
    fn params() -> Vec<ParamInfo>;
}

/// Why a call's arguments are not a method's.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgsError {
    /// They are too many, too few, or of names that the method does not have.
    Binding(Fault),
    /// One is of a wrong type.
    Type(Fault),
}

impl From<Fault> for ArgsError {
    fn from(fault: Fault) -> Self {
        ArgsError::Binding(fault)
    }
}

impl From<ArgsError> for Fault {
    fn from(error: ArgsError) -> Self {
        match error {
            ArgsError::Binding(fault) | ArgsError::Type(fault) => fault,
        }
    }
}

/// What is known of a method without its types.
#[derive(Debug, Clone, Copy)]
pub struct MethodInfo {
    /// The wire name (`host.openTask`).
    pub name: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether it reads or writes.
    pub mode: Mode,
    /// The definition's documentation.
    pub doc: &'static str,
}

/// A parameter of a method.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamInfo {
    /// The wire name.
    pub name: &'static str,
    /// What it is when it is not given; `None` if it must be.
    pub default: Option<Value>,
    /// Which of the call's values it takes.
    pub kind: ParamKind,
}

/// Who may call a method. Finer rules (owners, policies) are the method's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, logged in or not.
    Anyone,
    /// Any user who is logged in.
    LoggedIn,
    /// Holders of the permission, and of `admin`.
    Permission(&'static str),
    /// A builder's exclusive session.
    Host,
}

/// Which side of the database a method needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It reads only.
    Read,
    /// It may write: it runs in a transaction.
    Write,
    /// It waits for something to happen and holds no connection meanwhile.
    Wait,
}

/// A call's arguments: by position and by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Args {
    /// By position.
    pub positional: Vec<Value>,
    /// By name.
    pub named: Struct,
}

/// The member that marks a struct as named arguments.
const STARSTAR: &str = "__starstar";

impl Args {
    /// Takes the named arguments out of a call's parameters: a last struct with a true `__starstar`.
    pub fn from_params(mut params: Vec<Value>) -> Args {
        let marked = |v: &Value| v.as_struct().and_then(|s| s.get(STARSTAR)).is_some_and(Value::is_truthy);
        let named = match params.pop_if(|last| marked(last)) {
            Some(Value::Struct(mut s)) => {
                s.remove(STARSTAR);
                s
            }
            _ => Struct::new(),
        };
        Args { positional: params, named }
    }

    /// The call's parameters: the positional ones, then a struct of the named ones if there are any.
    pub fn into_params(self) -> Vec<Value> {
        let mut params = self.positional;
        if !self.named.is_empty() {
            let mut named = self.named;
            named.insert(STARSTAR, true);
            params.push(Value::Struct(named));
        }
        params
    }

    /// Sorts the arguments to the parameters, in their order; `None` where one was not given.
    pub fn bind(self, method: &str, params: &[ParamInfo]) -> Result<Vec<Option<Value>>, Fault> {
        let wrong = |text: String| Err(Fault::new(FaultKind::Parameter, format!("{method}() {text}")));
        let mut positional = self.positional.into_iter();
        let mut named = self.named;
        let given = positional.len();
        let mut out = Vec::with_capacity(params.len());
        for p in params {
            out.push(match p.kind {
                ParamKind::One => match (positional.next(), named.remove(p.name)) {
                    (Some(_), Some(_)) => return wrong(format!("got multiple values for argument '{}'", p.name)),
                    (at, by) => at.or(by),
                },
                ParamKind::VarArgs => Some(Value::Array(positional.by_ref().collect())),
                ParamKind::KwArgs => Some(Value::Struct(std::mem::take(&mut named))),
            });
        }
        if positional.next().is_some() {
            let most = params.iter().filter(|p| p.kind == ParamKind::One).count();
            return wrong(format!("takes {most} positional arguments but {given} were given"));
        }
        if let Some((name, _)) = named.iter().next() {
            return wrong(format!("got an unexpected keyword argument '{name}'"));
        }
        let missing: Vec<_> = params
            .iter()
            .zip(&out)
            .filter(|(p, v)| p.default.is_none() && p.kind == ParamKind::One && v.is_none())
            .map(|(p, _)| format!("'{}'", p.name))
            .collect();
        match missing.split_last() {
            None => Ok(out),
            Some((one, [])) => wrong(format!("missing 1 required positional argument: {one}")),
            Some((last, [first])) => wrong(format!("missing 2 required positional arguments: {first} and {last}")),
            Some((last, rest)) => wrong(format!(
                "missing {} required positional arguments: {}, and {last}",
                rest.len() + 1,
                rest.join(", ")
            )),
        }
    }
}

/// The fault for an argument of a wrong type, for [`methods!`](crate::methods) alone.
#[doc(hidden)]
pub fn wrong_type(method: &str, param: &str, kind: FaultKind, why: &str) -> ArgsError {
    ArgsError::Type(match kind {
        FaultKind::Parameter => Fault::new(kind, format!("{method}(): invalid value for {param}: {why}")),
        _ => Fault::new(kind, why),
    })
}

/// Defines methods: their request structs with builders, and their [`Method`](crate::api::Method) impls.
///
/// ```
/// use koji_core::api::TagRef;
///
/// koji_core::methods! {
///     /// How many letters a tag's name has.
///     [Anyone, Read] "lettersInTag" => LettersInTag(tag "tagInfo": TagRef, vowels: bool = true) -> i32;
/// }
/// let request = LettersInTag::new("f44").vowels(false);
/// # assert_eq!(koji_core::api::Method::into_params(request).len(), 2);
/// ```
/// In brackets stand who may call it, an [`Access`](crate::api::Access) (`Permission("tag")`), and its
/// [`Mode`](crate::api::Mode). A parameter's wire name stands behind its field's name where the two differ; one without a
/// default is mandatory.
#[macro_export]
macro_rules! methods {
    ($($(#[doc = $doc:literal])* [$access:ident $(($perm:literal))?, $mode:ident] $wire:literal => $name:ident
        ($($params:tt)*) -> $out:ty;)*) => {
        $($crate::methods!(@munch { $name [$($doc)*] $wire [$access $(($perm))?] $mode [$out] } [] [] $($params)*);)*
    };

    // a parameter a step: the list of all, and the list of the mandatory ones
    (@munch $h:tt [$($all:tt)*] [$($req:tt)*] $f:ident $($w:literal)? : Option<$t:ty> = $d:expr $(, $($rest:tt)*)?) => {
        $crate::methods!(@munch $h [$($all)* { $f [$($w)?] [Option<$t>] [$t] some [$d] }] [$($req)*] $($($rest)*)?);
    };
    (@munch $h:tt [$($all:tt)*] [$($req:tt)*] $f:ident $($w:literal)? : $t:ty = $d:expr $(, $($rest:tt)*)?) => {
        $crate::methods!(@munch $h [$($all)* { $f [$($w)?] [$t] [$t] plain [$d] }] [$($req)*] $($($rest)*)?);
    };
    (@munch $h:tt [$($all:tt)*] [$($req:tt)*] $f:ident $($w:literal)? : $t:ty $(, $($rest:tt)*)?) => {
        $crate::methods!(@munch $h [$($all)* { $f [$($w)?] [$t] [$t] plain [] }] [$($req)* { $f [$t] }] $($($rest)*)?);
    };
    (@munch { $name:ident [$($doc:literal)*] $wire:literal [$access:ident $(($perm:literal))?] $mode:ident [$out:ty] }
        [$({ $f:ident [$($w:literal)?] [$t:ty] [$inner:ty] $kind:ident [$($d:expr)?] })*] [$({ $rf:ident [$rt:ty] })*]) => {
        $(#[doc = $doc])*
        ///
        #[doc = concat!("Wire method `", $wire, "`.")]
        #[derive(Debug, Clone)]
        #[allow(missing_docs, reason = "the parameters bear their wire names")]
        pub struct $name {
            $(pub $f: $t,)*
        }

        #[allow(clippy::new_without_default, clippy::too_many_arguments, reason = "one parameter each, as the wire has them")]
        impl $name {
            /// The request with its mandatory parameters.
            pub fn new($($rf: impl Into<$rt>),*) -> Self {
                $(let $rf = $rf.into();)*
                $name { $($f: $crate::methods!(@default $f [$($d)?])),* }
            }
            $($crate::methods!(@setter $f [$t] [$inner] $kind);)*
        }

        impl $crate::api::Method for $name {
            type Output = $out;
            const INFO: $crate::api::MethodInfo = $crate::api::MethodInfo {
                name: $wire,
                access: $crate::api::Access::$access $(($perm))?,
                mode: $crate::api::Mode::$mode,
                doc: concat!($($doc, "\n"),*),
            };
            #[allow(unused_mut, unused_variables, reason = "a method may have no parameters")]
            fn from_args(args: $crate::api::Args) -> Result<Self, $crate::api::ArgsError> {
                let mut bound = args.bind($wire, &Self::params())?.into_iter();
                Ok($name {
                    $($f: match bound.next().flatten() {
                        Some(v) => <$t as $crate::api::Param>::from_value(v).map_err(|e| {
                            $crate::api::wrong_type($wire, $crate::methods!(@wire $f $($w)?), <$t as $crate::api::Param>::WRONG, &e)
                        })?,
                        None => $crate::methods!(@absent $wire $f [$($w)?] [$($d)?]),
                    },)*
                })
            }
            #[allow(unused_mut, reason = "a method may have no parameters")]
            fn into_params(self) -> Vec<$crate::xmlrpc::Value> {
                let mut args = $crate::api::Args::default();
                $($crate::methods!(@put args self $f [$($w)?] [$t] [$($d)?]);)*
                args.into_params()
            }
            fn params() -> Vec<$crate::api::ParamInfo> {
                vec![$($crate::api::ParamInfo {
                    name: $crate::methods!(@wire $f $($w)?),
                    default: $crate::methods!(@value [$t] [$($d)?]),
                    kind: <$t as $crate::api::Param>::KIND,
                }),*]
            }
        }
    };

    (@wire $f:ident $w:literal) => { $w };
    (@wire $f:ident) => { stringify!($f) };
    (@default $f:ident [$d:expr]) => { $d };
    (@default $f:ident []) => { $f };
    (@absent $wire:literal $f:ident [$($w:literal)?] [$d:expr]) => { $d };
    (@absent $wire:literal $f:ident [$($w:literal)?] []) => {
        return Err($crate::api::wrong_type(
            $wire, $crate::methods!(@wire $f $($w)?), $crate::fault::FaultKind::Parameter, "not given",
        ))
    };
    (@value [$t:ty] [$d:expr]) => {{
        let default: $t = $d;
        Some($crate::api::Param::into_value(default))
    }};
    (@value [$t:ty] []) => { None };
    (@put $args:ident $self:ident $f:ident [$($w:literal)?] [$t:ty] [$d:expr]) => {
        $args.put_optional($crate::methods!(@wire $f $($w)?), $self.$f, $d);
    };
    (@put $args:ident $self:ident $f:ident [$($w:literal)?] [$t:ty] []) => { $args.put($self.$f); };
    (@setter $f:ident [$t:ty] [$inner:ty] some) => {
        /// Sets the parameter.
        #[must_use]
        pub fn $f(mut self, $f: impl Into<$inner>) -> Self {
            self.$f = Some($f.into());
            self
        }
    };
    (@setter $f:ident [$t:ty] [$inner:ty] plain) => {
        /// Sets the parameter.
        #[must_use]
        pub fn $f(mut self, $f: impl Into<$t>) -> Self {
            self.$f = $f.into();
            self
        }
    };
}

/// As [`methods!`](crate::methods), with the list `METHODS` of what it defines.
macro_rules! area_methods {
    ($($(#[doc = $doc:literal])* [$($how:tt)*] $wire:literal => $name:ident ($($params:tt)*) -> $out:ty;)*) => {
        $crate::methods! { $($(#[doc = $doc])* [$($how)*] $wire => $name ($($params)*) -> $out;)* }

        /// The methods of this area.
        pub(super) const METHODS: &[fn() -> ($crate::api::MethodInfo, Vec<$crate::api::ParamInfo>)] =
            &[$(|| (<$name as $crate::api::Method>::INFO, <$name as $crate::api::Method>::params())),*];
    };
}
pub(crate) use area_methods as methods;

impl Args {
    /// Adds a mandatory parameter.
    pub fn put<T: super::Param>(&mut self, value: T) {
        match (T::KIND, value.into_value()) {
            (ParamKind::VarArgs, Value::Array(more)) => self.positional.extend(more),
            (ParamKind::KwArgs, Value::Struct(more)) => self.named.extend(more),
            (_, one) => self.positional.push(one),
        }
    }

    /// Adds a parameter by name if it differs from its default.
    pub fn put_optional<T: super::Param>(&mut self, name: &str, value: T, default: T) {
        if T::KIND != ParamKind::One {
            return self.put(value);
        }
        let value = value.into_value();
        if value != default.into_value() {
            self.named.insert(name, value);
        }
    }
}
