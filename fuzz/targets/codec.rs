//! XML-RPC: whatever can be read is written, and read again, as the same.

#![no_main]

use koji_core::xmlrpc::{Document, Value, from_value, read_call, read_response, to_value, write_call, write_response};
use koji_core::model::{Build, Task};
use libfuzzer_sys::fuzz_target;

/// The same but for what no two are: a NaN.
fn same(a: &Value, b: &Value) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

fuzz_target!(|data: &[u8]| {
    let _ = Document::read(data);
    let _ = read_response::<Build>(data);
    let _ = read_response::<Vec<Task>>(data);
    if let Ok(call) = read_call(data)
        && let Some(method) = &call.method
    {
        // what XML has no place for is not written
        if let Ok(text) = write_call(method, &call.params) {
            let again = read_call(text.as_bytes()).expect("what was written");
            assert_eq!(again.method.as_deref().map(str::trim), Some(method.trim()));
            assert!(call.params.len() == again.params.len());
            assert!(call.params.iter().zip(&again.params).all(|(a, b)| same(a, b)), "{call:?} {again:?}");
        }
    }
    if let Ok(Ok(value)) = read_response::<Value>(data)
        && let Ok(text) = write_response(&value)
    {
        let again = read_response::<Value>(text.as_bytes()).expect("what was written").expect("no fault");
        assert!(same(&value, &again), "{value:?} {again:?}");
        assert!(same(&value, &to_value(&value).expect("a value")));
        let _ = from_value::<Build>(value);
    }
});
