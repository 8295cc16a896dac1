//! Shell-like patterns, as Python's `fnmatch` reads them.
//!
//! Koji uses them in policies, in `allowed_scms`, in `literal_task_arches` and in searches.

/// Whether `text` as a whole matches `pattern`: `*` any run, `?` one character, `[abc]`, `[a-z]` and `[!abc]` one
/// character of a set. There is no escape but a set (`[*]`); a `[` that is never closed stands for itself. Case counts.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // where to go on after a mismatch: behind the last star, and how far that star has reached
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() || p < pattern.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if let Some(&c) = text.get(t)
            && let Some(next) = match_one(&pattern, p, c)
        {
            (p, t) = (next, t + 1);
            continue;
        }
        match &mut star {
            Some((after, reached)) if *reached < text.len() => {
                *reached += 1;
                (p, t) = (*after, *reached);
            }
            _ => return false,
        }
    }
    true
}

/// Whether `text` matches one of the whitespace separated patterns: Koji's `multi_fnmatch`.
pub fn matches_any(patterns: &str, text: &str) -> bool {
    patterns.split_whitespace().any(|pattern| matches(pattern, text))
}

/// The position in the pattern behind what matches `c` at `p`, if it does.
fn match_one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => match set_end(pattern, p) {
            Some(end) => in_set(pattern.get(p + 1..end)?, c).then_some(end + 1),
            None => (c == '[').then_some(p + 1),
        },
        literal => (literal == c).then_some(p + 1),
    }
}

/// The position of the `]` that closes the set opened at `p`; a `]` that comes first is part of the set.
fn set_end(pattern: &[char], p: usize) -> Option<usize> {
    let first = p + 1 + usize::from(pattern.get(p + 1) == Some(&'!'));
    (first + 1..pattern.len()).find(|&i| pattern.get(i) == Some(&']'))
}

fn in_set(set: &[char], c: char) -> bool {
    let (negated, mut set) = match set {
        ['!', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    while let [first, rest @ ..] = set {
        if let ['-', last, rest @ ..] = rest {
            found |= (*first..=*last).contains(&c);
            set = rest;
        } else {
            found |= *first == c;
            set = rest;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_fnmatch() {
        let yes = [
            ("", ""),
            ("*", ""),
            ("**", "abc"),
            ("a*c", "abbc"),
            ("a*b*c", "axbxbxc"),
            ("*.rpm", "a.rpm.rpm"),
            ("i?86", "i686"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[!]]", "a"),
            ("[a-]", "-"),
            ("[", "["),
            ("a[b", "a[b"),
            ("[*]", "*"),
            ("é?", "éü"),
            ("f[0-9][0-9]-*", "f44-build"),
        ];
        for (pattern, text) in yes {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        let no = [
            ("", "a"),
            ("a", ""),
            ("?", ""),
            ("a*c", "abcd"),
            ("i?86", "i86"),
            ("[a-c]", "d"),
            ("[!a-c]", "b"),
            ("[c-a]", "b"),
            ("ABC", "abc"),
            ("[]", "]"),
        ];
        for (pattern, text) in no {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn long_patterns_do_not_explode() {
        assert!(!matches(&"a*".repeat(50), &format!("{}b", "a".repeat(200)).replace('a', "c")));
        assert!(!matches(&format!("{}b", "a*".repeat(30)), &"a".repeat(500)));
    }

    #[test]
    fn any_of_several_patterns() {
        assert!(matches_any("i?86 x86_64", "x86_64"));
        assert!(!matches_any("", ""));
    }
}
