//! Our `koji` and Python's, with the same command lines against one hub: they must print the same, on both streams,
//! leave the same files, and exit with the same code. `commands.txt` has the command lines; `table.rs` says how they are written,
//! and which differ on purpose.

mod table;
mod text;
mod world;

use std::time::{Duration, Instant};

use koji_tests::Standalone;

use table::{DIFFERENT, FEWER, LINES, Line};
use world::{Client, World};

/// From when on a line is named as slow.
const SLOW: Duration = Duration::from_secs(5);

/// What one line did with both programs, alike or not.
fn difference(world: &World, line: &Line) -> Option<String> {
    let (python, ours) = std::thread::scope(|scope| {
        let python = scope.spawn(|| world.run(Client::Python, line));
        let ours = world.run(Client::Ours, line);
        (python.join().expect("Python's outcome"), ours)
    });
    let texts = [(Client::Python, python), (Client::Ours, ours)].map(|(client, outcome)| {
        let text = world.normal(client, line, &outcome);
        if world.remember(client, line, &outcome) { text } else { text + "nothing to remember\n" }
    });
    if texts[0].ends_with("nothing to remember\n") {
        return Some(texts[0].clone());
    }
    if texts[0] == texts[1] || (FEWER.contains(&line.text.as_str()) && text::is_part(&texts[1], &texts[0])) {
        return None;
    }
    Some(text::diff(&texts[0], &texts[1]))
}

#[test]
fn both_command_lines_say_the_same() {
    let only = std::env::var("KOJI_TEST_CLI_ONLY").unwrap_or_default();
    let world = World::new(Standalone::shared());
    let (mut alike, mut expected, mut wrong) = (0, 0, Vec::new());
    for line in LINES.lines().filter_map(Line::parse).filter(|line| line.text.contains(&only)) {
        if let Some(is) = world.wait_for(&line) {
            if !is {
                println!("\n#### {}\nthere is no such task", line.text);
                wrong.push(line.text);
            }
            continue;
        }
        let begin = Instant::now();
        let known = DIFFERENT.iter().find(|(text, _)| *text == line.text);
        let difference = difference(&world, &line);
        if begin.elapsed() > SLOW {
            println!("{:?}: koji {}", begin.elapsed(), line.text);
        }
        let problem = match (difference, known) {
            (None, None) => {
                alike += 1;
                continue;
            }
            (Some(_), Some(_)) => {
                expected += 1;
                continue;
            }
            (None, Some((_, reason))) => format!("now alike, though {reason}\n"),
            (Some(diff), None) => diff,
        };
        println!("\n#### koji {}\n{problem}", line.text);
        wrong.push(line.text);
    }
    println!("{alike} command lines are alike, {expected} differ on purpose, {} differ", wrong.len());
    assert!(wrong.is_empty(), "these command lines differ, as shown above (- Python, + ours):\n{}", wrong.join("\n"));
}

#[test]
fn what_must_not_differ_is_compared() {
    let line = Line::parse("add-tag t@").expect("a line");
    let normal = |text: &str| text::normal(text, Client::Ours, &line, &[]);
    assert_ne!(normal("work/tasks/4/700004/"), normal("work/tasks/5/700004/"));
    assert_eq!(normal("t_rs_ made"), "t@ made");
    assert_ne!(normal("t_py_ made"), normal("t_rs_ made"));
    assert_eq!(normal("Sun Nov 22 08:11:54 2026"), normal("Mon Nov 23 09:12:55 2026"));
    assert_ne!(normal("Sun Nov 22 08:11:54 2026"), normal("Sun, 22 Nov 2026 08:11:54 UTC"));
    assert_eq!(normal("700004 700002 700004"), normal("700005 700001 700005"));
    assert_ne!(normal("700004 700002"), normal("700001 700002"));
    let reading = Line::parse("list-tags").expect("a line");
    let times = ["Sun Nov 22 08:11:54 2026", "Sun Nov 22 09:11:54 2026"];
    assert_ne!(
        text::normal(times[0], Client::Ours, &reading, &[]),
        text::normal(times[1], Client::Ours, &reading, &[])
    );
    assert!(text::is_part("a\nc\n", "a\nb\nc\n") && !text::is_part("c\na\n", "a\nb\nc\n"));
    assert_eq!(text::diff("a\nb\nc\n", "a\nc\nd\n"), "  a\n- b\n  c\n+ d\n");
}
