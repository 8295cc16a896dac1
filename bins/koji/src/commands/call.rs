//! `call`, `list-api`.

use koji_core::api::system::{ListApi, MethodHelp};
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use super::value;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::Parsed;
use crate::say;

/// How arguments are written.
#[derive(Clone, Copy)]
enum Syntax {
    Words,
    Python,
    Json,
}

/// `koji call`
pub async fn call(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(
        "call [options] <name> [<arg> ...]\n\n\
         <arg> values of the form NAME=VALUE are treated as keyword arguments\n\
         Note, that you can use global option --noauth for anonymous calls here\n",
    );
    let python_syntax = p.flag(&["-p", "--python"], "Use python syntax for RPC parameter values");
    let kwargs =
        p.text(&["--kwargs"], "", "Specify keyword arguments as a dictionary (implies --python or --json-input)");
    let json = p.flag(&["-j", "--json"], "Use JSON syntax for input and output");
    let json_input = p.flag(&["--json-input"], "Use JSON syntax for input");
    let json_output = p.flag(&["--json-output"], "Use JSON syntax for output");
    let bare = p.flag(&["-b", "--bare-strings"], "Treat invalid json/python as bare strings");
    let (o, args) = p.parse(args)?;
    let Some((method, args)) = args.split_first() else {
        return Err(o.error("Please specify the name of the XML-RPC method"));
    };
    let json_input = o.get(json) || o.get(json_input);
    if o.get(python_syntax) && json_input {
        return Err(o.error("The --python option conflicts with using --json-input"));
    }
    let kwargs = o.get(kwargs).filter(|text| !text.is_empty());
    let syntax = match () {
        _ if json_input => Syntax::Json,
        _ if o.get(python_syntax) || kwargs.is_some() => Syntax::Python,
        _ => Syntax::Words,
    };
    let read = |text: &str| read(&o, syntax, o.get(bare), text);
    let mut named = match kwargs.as_deref().map(read).transpose()? {
        None => Struct::new(),
        Some(Value::Struct(named)) => named,
        Some(_) => return Err(o.error("--kwargs must be a dictionary")),
    };
    let mut positional = Vec::new();
    for arg in args {
        match arg.split_once('=').filter(|(name, _)| is_identifier(name)) {
            Some((name, value)) => named.insert(name, read(value)?),
            None => positional.push(read(arg)?),
        }
    }
    cx.activate().await?;
    let answer = cx.session.call_raw_named(method, positional, named).await?;
    if o.get(json) || o.get(json_output) {
        let text = serde_json::to_string_pretty(&answer).map_err(|e| Stop::generic(e.to_string()))?;
        say!("{}", ascii(&text));
    } else {
        say!("{}", python::pformat(&answer));
    }
    Ok(0)
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

fn read(o: &Parsed, syntax: Syntax, bare: bool, text: &str) -> Result<Value, Stop> {
    let value = match syntax {
        Syntax::Words => return Ok(value::guess(text)),
        Syntax::Python => python::literal(text),
        Syntax::Json => value::json(text),
    };
    match value {
        Some(value) => Ok(value),
        None if bare => Ok(text.into()),
        None => Err(o.error(format_args!("Invalid value: {}", python::repr_str(text)))),
    }
}

/// JSON in ASCII alone, as Python writes it.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// `koji list-api`
pub async fn list_api(cx: Context, args: Vec<String>) -> Outcome {
    let (o, args) = cx.parser("list-api [options] [method_name ...]").parse(args)?;
    cx.connect().await?;
    for method in &args {
        let help: Value = cx.session.call_into(MethodHelp::new(method.as_str())).await?;
        if !help.is_truthy() {
            return Err(o.error(format_args!("Unknown method: {method}")));
        }
        say!("{}", python::str(&help));
    }
    if !args.is_empty() {
        return Ok(0);
    }
    let mut methods = cx.session.call(ListApi::new()).await?;
    let text = |method: &Struct, key: &str| method.get(key).map(python::str).unwrap_or_default();
    methods.sort_by_key(|method| text(method, "name"));
    for method in methods {
        let args = match (method.get("argdesc"), method.get("args")) {
            (Some(description), _) => python::str(description),
            (None, Some(Value::Array(args))) => {
                format!("({})", args.iter().map(argument).collect::<Vec<_>>().join(", "))
            }
            _ => "()".to_owned(),
        };
        say!("{}{args}", text(&method, "name"));
        if method.get("doc").is_some_and(Value::is_truthy) {
            say!("  description: {}", text(&method, "doc"));
        }
    }
    Ok(0)
}

/// An argument as hubs before 1.20 describe it: a name, or a name with its default.
fn argument(arg: &Value) -> String {
    match arg.as_array() {
        Some([name, default]) => format!("{}={}", python::str(name), python::str(default)),
        _ => python::str(arg),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_ascii() {
        assert_eq!(ascii("\"ž😀\""), r#""\u017e\ud83d\ude00""#);
    }

    #[test]
    fn keyword_arguments_have_names() {
        for (name, is) in [("strict", true), ("_x1", true), ("", false), ("1x", false), ("a-b", false)] {
            assert_eq!(is_identifier(name), is, "{name}");
        }
    }
}
