use serde::{Deserialize, Serialize};

use super::*;
use crate::fault::Fault;

fn sample() -> Value {
    Value::Struct(
        [
            ("", Value::Nil),
            (
                "a<b",
                Value::Array(vec![Value::Bool(true), Value::Int(7), Value::Int(3_000_000_000), Value::Double(1e300)]),
            ),
            ("text", Value::from("x < y && \"z\" ]]> \u{e9}")),
            ("empty", Value::Struct(Struct::new())),
            ("none", Value::Array(vec![])),
            ("when", Value::DateTime(DateTime("20240102T03:04:05".into()))),
            ("bytes", Value::Base64(Base64((0..=255).collect()))),
        ]
        .into_iter()
        .collect(),
    )
}

#[test]
fn what_is_written_reads_back() {
    let text = to_xml(&sample()).unwrap();
    assert_eq!(from_xml::<Value>(&text).unwrap(), sample());
    assert_eq!(from_value::<Value>(to_value(&sample()).unwrap()).unwrap(), sample());
}

#[test]
fn the_bytes_are_those_of_python() {
    let value = Value::Struct(
        [("a", Value::Nil), ("b", Value::Array(vec![Value::Int(1), Value::from("<&>\"")]))].into_iter().collect(),
    );
    assert_eq!(
        write_response(&value).unwrap(),
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n<member>\n<name>a</name>\n<value><nil/></value></member>\n\
         <member>\n<name>b</name>\n<value><array><data>\n<value><int>1</int></value>\n<value><string>&lt;&amp;&gt;\"</string></value>\n\
         </data></array></value>\n</member>\n</struct></value>\n</param>\n</params>\n</methodResponse>\n"
    );
    assert_eq!(
        write_call("getTag", &[]).unwrap(),
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>getTag</methodName>\n<params>\n</params>\n</methodCall>\n"
    );
    assert_eq!(
        write_fault(&Fault::generic("no <x>")),
        "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>1000</int></value>\n\
         </member>\n<member>\n<name>faultString</name>\n<value><string>no &lt;x&gt;</string></value>\n</member>\n</struct></value>\n</fault>\n\
         </methodResponse>\n"
    );
}

#[test]
fn doubles_are_written_as_python_does() {
    for (v, text) in [
        (1e300, "1e+300"),
        (0.1, "0.1"),
        (1.0 / 3.0, "0.3333333333333333"),
        (1e-7, "1e-07"),
        (0.0001, "0.0001"),
        (0.00005, "5e-05"),
        (1e16, "1e+16"),
        (123456789012345.0, "123456789012345.0"),
        (1.5e-10, "1.5e-10"),
        (-0.0, "-0.0"),
        (2.0, "2.0"),
        (1795335108.772888, "1795335108.772888"),
    ] {
        assert_eq!(format_double(v), text);
    }
}

#[test]
fn entities_cdata_and_untyped_text_are_read() {
    let read = |t: &str| from_xml::<Value>(t).unwrap();
    assert_eq!(read("<value>a &lt;b&gt; &amp;&#233;&#x41;</value>"), Value::from("a <b> &\u{e9}A"));
    assert_eq!(read("<value><string><![CDATA[<x>&amp;]]> y</string></value>"), Value::from("<x>&amp; y"));
    assert_eq!(read("<value/>"), Value::from(""));
    assert_eq!(read("<value><string/></value>"), Value::from(""));
    assert_eq!(read("<value>\n <i4> 5 </i4>\n</value>"), Value::Int(5));
    assert_eq!(read("<value><struct/></value>"), Value::Struct(Struct::new()));
    assert_eq!(read("<value><array><data/></array></value>"), Value::Array(vec![]));
    assert_eq!(read("<value><string>a\r\nb\rc</string></value>"), Value::from("a\nb\nc"));
}

#[test]
fn what_is_dangerous_or_wrong_is_refused() {
    assert!(matches!(Document::read(b"<!DOCTYPE x [<!ENTITY a 'b'>]><methodCall/>"), Err(Error::Forbidden)));
    assert!(matches!(from_xml::<Value>("<value>&x;</value>"), Err(Error::Forbidden)));
    assert!(matches!(from_xml::<Value>("<value><int>9223372036854775808</int></value>"), Err(Error::IntegerRange)));
    assert!(matches!(from_xml::<Value>("<value><int>abc</int></value>"), Err(Error::Invalid { .. })));
    assert!(matches!(from_xml::<Value>("<value><foo>1</foo></value>"), Err(Error::Shape(_))));
    let deep =
        |n: usize| format!("{}<value/>{}", "<value><array><data>".repeat(n), "</data></array></value>".repeat(n));
    assert!(from_xml::<Value>(&deep(MAX_DEPTH)).is_ok());
    assert!(matches!(from_xml::<Value>(&deep(MAX_DEPTH + 1)), Err(Error::TooDeep)));
    for bad in [
        "",
        "not xml",
        "<methodCall>",
        "<value>1</value>",
        "<methodCall></methodCall>x",
        "<methodCall><params><param></param></params></methodCall>",
    ] {
        assert!(Document::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn records_are_read_whatever_the_order_and_extra_members() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        id: i32,
        name: Option<String>,
        load: f64,
        #[serde(default)]
        missing: Option<i32>,
    }
    let text = "<value><struct><member><name>extra</name><value><array><data><value>1</value></data></array></value></member>\
                <member><name>load</name><value><int>2</int></value></member><member><name>name</name><value><nil/></value></member>\
                <member><name>id</name><value><int>4</int></value></member></struct></value>";
    let record: Record = from_xml(text).unwrap();
    assert_eq!(record, Record { id: 4, name: None, load: 2.0, missing: None });
    assert_eq!(from_value::<Record>(from_xml(text).unwrap()).unwrap(), record);
    assert_eq!(from_xml::<Record>(&to_xml(&record).unwrap()).unwrap(), record);
}

#[test]
fn documents_are_told_apart() {
    let call = write_call("echo", &[Value::Int(1), sample()]).unwrap();
    assert_eq!(
        read_call(call.as_bytes()).unwrap(),
        Call { method: Some("echo".into()), params: vec![Value::Int(1), sample()] }
    );
    let fault = Fault::generic("a\nb");
    assert_eq!(read_response::<Value>(write_fault(&fault).as_bytes()).unwrap(), Err(fault));
    assert_eq!(read_response::<i64>(write_response(&5).unwrap().as_bytes()).unwrap(), Ok(5));
    assert_eq!(read_call(write_response(&5).unwrap().as_bytes()).unwrap().method, None);
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><methodCall><methodName>\xe9</methodName></methodCall>";
    assert_eq!(read_call(latin).unwrap().method.as_deref(), Some("\u{e9}"));
}

#[test]
fn characters_that_xml_has_no_place_for_are_refused_in_calls() {
    let call = |text: &str| {
        let call = format!(
            "<methodCall><methodName>echo</methodName><params><param><value><string>{text}</string></value></param></params></methodCall>"
        );
        read_call(call.as_bytes())
    };
    assert_eq!(call("a\tb\u{e9}").unwrap().params, ["a\tb\u{e9}".into()]);
    for text in ["\u{b}", "a\0", "&#11;", "&#x1b;"] {
        assert!(call(text).unwrap_err().to_string().contains("is not allowed"), "{text:?}");
    }
}
