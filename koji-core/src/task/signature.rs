//! The mechanism: one definition a task method, from which its struct, its signature and both directions of the wire
//! are made.

use crate::api::{Args, Param, ParamInfo, ParamKind};
use crate::fault::{Fault, FaultKind};
use crate::xmlrpc::{Struct, Value};

/// The arguments of one task method.
pub trait TaskArgs: Sized + Send + 'static {
    /// The method's name.
    const METHOD: &'static str;
    /// The parameters in wire order.
    fn params() -> Vec<ParamInfo>;
    /// Reads the request of a task. The fault is Koji's `ParameterError` and names what is wrong.
    fn from_request(request: &[Value]) -> Result<Self, Fault>;
    /// Writes the request of a task, in the form in which Koji's own programs write it.
    fn into_request(self) -> Vec<Value>;
}

/// Defines task methods: their argument structs, with [`TaskArgs`](crate::task::TaskArgs).
///
/// ```
/// use koji_core::api::TagRef;
/// use koji_core::task::TaskArgs;
/// use koji_core::xmlrpc::Value::Nil;
///
/// koji_core::task_args! {
///     /// Publishes a tag.
///     "publish" => Publish(tag: TagRef; mirror: String = "main", weight: Option<f64> = Nil);
/// }
/// let request = Publish { tag: "f44".into(), mirror: "main".into(), weight: None }.into_request();
/// # assert_eq!(request, ["f44".into()]);
/// ```
/// A default, given as the wire value, makes a parameter optional when a request is read. All parameters before the `;`
/// are written by position, those behind it by name and only if they differ from their defaults. A parameter's wire name
/// stands behind its field's name where the two differ.
#[macro_export]
macro_rules! task_args {
    ($($(#[doc = $doc:literal])* $method:literal => $name:ident(
        $($f:ident $($w:literal)? : $t:ty $(= $d:expr)?),* $(,)?
        $(; $($nf:ident : $nt:ty = $nd:expr),+ $(,)?)?
    );)*) => {
        $(
            $(#[doc = $doc])*
            ///
            #[doc = concat!("Task method `", $method, "`.")]
            #[derive(Debug, Clone, PartialEq)]
            #[allow(missing_docs, reason = "the arguments bear their wire names")]
            pub struct $name {
                $(pub $f: $t,)*
                $($(pub $nf: $nt,)+)?
            }

            impl $crate::task::TaskArgs for $name {
                const METHOD: &'static str = $method;

                fn params() -> Vec<$crate::api::ParamInfo> {
                    vec![
                        $($crate::task::macros::param::<$t>(
                            $crate::task_args!(@wire $f $($w)?),
                            $crate::task_args!(@default $($d)?),
                        ),)*
                        $($($crate::task::macros::param::<$nt>(stringify!($nf), Some($crate::xmlrpc::Value::from($nd))),)+)?
                    ]
                }

                #[allow(unused_mut, unused_variables, reason = "a method may have no parameters")]
                fn from_request(request: &[$crate::xmlrpc::Value]) -> Result<Self, $crate::fault::Fault> {
                    let mut values = $crate::task::macros::bind($method, &Self::params(), request)?.into_iter();
                    Ok($name {
                        $($f: $crate::task::macros::read($method, $crate::task_args!(@wire $f $($w)?), values.next())?,)*
                        $($($nf: $crate::task::macros::read($method, stringify!($nf), values.next())?,)+)?
                    })
                }

                #[allow(unused_mut, reason = "a method may have no parameters")]
                fn into_request(self) -> Vec<$crate::xmlrpc::Value> {
                    let mut args = $crate::api::Args::default();
                    $(args.put(self.$f);)*
                    $($($crate::task::macros::write_named(&mut args, stringify!($nf), self.$nf, $nd);)+)?
                    args.into_params()
                }
            }
        )*
    };

    (@wire $f:ident $w:literal) => { $w };
    (@wire $f:ident) => { stringify!($f) };
    (@default $d:expr) => { Some($crate::xmlrpc::Value::from($d)) };
    (@default) => { None };
}

/// As [`task_args!`](crate::task_args), with the list `SIGNATURES` of what it defines.
macro_rules! known_task_args {
    ($($(#[doc = $doc:literal])* $method:literal => $name:ident($($params:tt)*);)*) => {
        $crate::task_args! { $($(#[doc = $doc])* $method => $name($($params)*);)* }

        pub(super) const SIGNATURES: &[$crate::task::Signature] =
            &[$(($method, <$name as $crate::task::TaskArgs>::params)),*];
    };
}
pub(super) use known_task_args as task_args;

/// What is known of a parameter of that type.
pub fn param<T: Param>(name: &'static str, default: Option<Value>) -> ParamInfo {
    ParamInfo { name, default, kind: T::KIND }
}

/// Adds an argument by name if it differs from its default.
pub fn write_named<T: Param>(args: &mut Args, name: &str, value: T, default: impl Into<Value>) {
    let value = value.into_value();
    if value != default.into() {
        args.named.insert(name, value);
    }
}

/// Reads an argument.
pub fn read<T: Param>(method: &str, name: &str, value: Option<Value>) -> Result<T, Fault> {
    T::from_value(value.unwrap_or_default()).map_err(|why| invalid(method, &format!("{name}: {why}")))
}

/// The arguments of a request that names them all itself: a single struct that has `__method__`.
pub(super) fn self_named(request: &[Value]) -> Option<Struct> {
    let [Value::Struct(arguments)] = request else { return None };
    let mut arguments = arguments.clone();
    arguments.remove("__method__")?;
    Some(arguments)
}

/// One value for each parameter, in their order.
pub fn bind(method: &str, params: &[ParamInfo], request: &[Value]) -> Result<Vec<Value>, Fault> {
    let Args { positional, mut named } = match self_named(request) {
        Some(named) => Args { positional: Vec::new(), named },
        None => Args::from_params(request.to_vec()),
    };
    let has = |kind| params.iter().any(|param| param.kind == kind);
    let single: Vec<&str> = params.iter().filter(|p| p.kind == ParamKind::One).map(|p| p.name).collect();
    if positional.len() > single.len() && !has(ParamKind::VarArgs) {
        return Err(invalid(method, "too many args"));
    }
    for (name, _) in named.iter() {
        match single.iter().position(|known| *known == name) {
            Some(place) if place < positional.len() => {
                return Err(invalid(method, &format!("duplicate keyword argument '{name}'")));
            }
            None if !has(ParamKind::KwArgs) => {
                return Err(invalid(method, &format!("unexpected keyword argument '{name}'")));
            }
            _ => {}
        }
    }
    let mut positional = positional.into_iter();
    let mut values = Vec::with_capacity(params.len());
    for (place, param) in params.iter().enumerate() {
        values.push(match param.kind {
            ParamKind::One => positional
                .next()
                .or_else(|| named.remove(param.name))
                .or_else(|| param.default.clone())
                .ok_or_else(|| invalid(method, &format!("missing required argument '{}' (#{place})", param.name)))?,
            ParamKind::VarArgs => Value::Array(positional.by_ref().collect()),
            ParamKind::KwArgs => Value::Struct(std::mem::take(&mut named)),
        });
    }
    Ok(values)
}

fn invalid(method: &str, why: &str) -> Fault {
    Fault::new(FaultKind::Parameter, format!("Invalid signature for {method}: {why}"))
}
