use super::*;

struct Opts {
    arch: Opt<Vec<String>>,
    quiet: Opt<bool>,
    wait: Opt<Option<bool>>,
    latest: Opt<Option<i64>>,
    name: Opt<Option<String>>,
}

fn parser() -> (Parser, Opts) {
    let mut p = Parser::new("koji", "%prog list [options] <tag>\n(Specify ...)");
    let opts = Opts {
        arch: p.list(&["-a", "--arch"], "", "List rpms for this arch"),
        quiet: p.flag(&["--quiet"], "Do not print the header information"),
        wait: p.choice(&["--wait"], "Wait on the build, even if running in the background", &["--nowait"], "No"),
        latest: p.int(&["--latest-n"], "N", "Only show the latest N builds/rpms"),
        name: p.text(&["--name"], "", "hidden one"),
    };
    p.hidden();
    (p, opts)
}

fn parse(args: &[&str]) -> Result<(Parsed, Vec<String>, Opts), Stop> {
    let (parser, opts) = parser();
    let (parsed, rest) = parser.parse(args.iter().map(|arg| (*arg).to_owned()))?;
    Ok((parsed, rest, opts))
}

#[test]
fn options_may_stand_anywhere() {
    let args = ["tag", "--arch=x86_64", "-a", "noarch", "-ai686", "--qui", "pkg", "--latest-n", "0x10", "--", "--name"];
    let (o, rest, opts) = parse(&args).ok().unwrap();
    assert_eq!(o.get(opts.arch), ["x86_64", "noarch", "i686"]);
    assert!(o.get(opts.quiet));
    assert_eq!(o.get(opts.wait), None);
    assert_eq!(o.get(opts.latest), Some(16));
    assert_eq!(o.get(opts.name), None);
    assert_eq!(rest, ["tag", "pkg", "--name"]);

    let (o, rest, opts) = parse(&["--nowait", "-", "--latest-n=-5", "--name=a", "--name", "b"]).ok().unwrap();
    assert_eq!((o.get(opts.wait), o.get(opts.latest)), (Some(false), Some(-5)));
    assert_eq!((o.get(opts.name).as_deref(), rest), (Some("b"), vec!["-".to_owned()]));
}

#[test]
fn wrong_lines_are_errors() {
    for args in [&["--bogus"][..], &["-x"], &["--n"], &["--quiet=1"], &["--arch"], &["--latest-n", "x"]] {
        assert!(matches!(parse(args), Err(Stop::Exit(2))), "{args:?}");
    }
}

#[test]
fn help_looks_like_optparse() {
    let expected = "\
Usage: koji list [options] <tag>
(Specify ...)

Options:
  -h, --help            show this help message and exit
  -a ARCH, --arch=ARCH  List rpms for this arch
  --quiet               Do not print the header information
  --wait                Wait on the build, even if running in the background
  --nowait              No
  --latest-n=N          Only show the latest N builds/rpms
";
    let (parser, _) = parser();
    assert_eq!(parser.help_in(78), expected);
}

#[test]
fn global_options_end_at_the_command() {
    let mut p = Parser::new("koji", "").stop_at_argument();
    let quiet = p.flag(&["-q", "--quiet"], "");
    let (o, rest) = p.parse(["-q", "list-tags", "--bogus"].map(str::to_owned)).ok().unwrap();
    assert!(o.get(quiet));
    assert_eq!(rest, ["list-tags", "--bogus"]);
}
