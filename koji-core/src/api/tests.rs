use super::tags::{CreateTag, GetTag};
use super::tasks::MakeTask;
use super::*;
use crate::fault::FaultKind;
use crate::xmlrpc::{Struct, Value};

fn args(params: Vec<Value>) -> Args {
    Args::from_params(params)
}

fn named(members: &[(&str, Value)]) -> Value {
    let mut s: Struct = members.iter().map(|(k, v)| (*k, v.clone())).collect();
    s.insert("__starstar", true);
    Value::Struct(s)
}

#[test]
fn arguments_come_by_position_and_by_name() {
    let get =
        GetTag::from_args(args(vec!["f44".into(), named(&[("strict", 1.into()), ("event", Value::Nil)])])).unwrap();
    assert_eq!((get.tag_info, get.strict, get.event), ("f44".into(), true, None));
    let get = GetTag::from_args(args(vec![named(&[("tagInfo", 7.into())])])).unwrap();
    assert_eq!(get.tag_info, crate::ids::TagId(7).into());
    // only the last struct is looked at
    let make =
        MakeTask::from_args(args(vec![named(&[("a", 1.into())]), 5.into(), named(&[("arch", "x86_64".into())])]))
            .unwrap();
    assert_eq!(make.args.0.len(), 2);
    assert_eq!(make.opts.0.get("arch"), Some(&"x86_64".into()));
}

#[test]
fn wrong_arguments_are_parameter_errors() {
    let fault = |params| {
        let fault = crate::fault::Fault::from(GetTag::from_args(args(params)).unwrap_err());
        assert_eq!(fault.code, FaultKind::Parameter.code());
        fault.message
    };
    assert_eq!(fault(vec![]), "getTag() missing 1 required positional argument: 'tagInfo'");
    assert_eq!(
        fault(vec!["a".into(), named(&[("tagInfo", "b".into())])]),
        "getTag() got multiple values for argument 'tagInfo'"
    );
    assert_eq!(fault(vec!["a".into(), named(&[("x", 1.into())])]), "getTag() got an unexpected keyword argument 'x'");
    assert_eq!(fault(vec!["a".into(); 5]), "getTag() takes 4 positional arguments but 5 were given");
    assert_eq!(fault(vec![1.5.into()]), "getTag(): invalid value for tagInfo: expected a tag id or name, not float");
}

#[test]
fn requests_write_only_what_differs_from_the_defaults() {
    assert_eq!(GetTag::new("f44").into_params(), vec![Value::from("f44")]);
    assert_eq!(
        CreateTag::new("t").arches("x86_64").locked(true).into_params(),
        vec![Value::from("t"), named(&[("arches", "x86_64".into()), ("locked", true.into())])]
    );
}

#[test]
fn names_are_unique_and_of_the_wire() {
    let mut names: Vec<_> = methods().map(|(info, _)| info.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let (_, params) = methods().find(|(info, _)| info.name == "getTag").unwrap();
    assert_eq!(params.iter().map(|p| p.name).collect::<Vec<_>>(), ["tagInfo", "strict", "event", "blocked"]);
}
