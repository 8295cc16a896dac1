//! Sessions and those below them.

pub(super) const RULES: &[&str] = &[
    "SELECT 'session ' || s.id || ' is below session ' || m.id || ', which is itself below one' FROM sessions AS s
     JOIN sessions AS m ON m.id = s.master WHERE m.master IS NOT NULL",
    "SELECT 'session ' || s.id || ' is of another user than session ' || m.id || ' above it' FROM sessions AS s
     JOIN sessions AS m ON m.id = s.master WHERE m.user_id <> s.user_id",
    "SELECT 'session ' || id || ' is exclusive, but closed or below another' FROM sessions
     WHERE \"exclusive\" = TRUE AND (closed = TRUE OR master IS NOT NULL)",
    "SELECT 'user ' || user_id || ' has ' || COUNT(*) || ' exclusive sessions' FROM sessions
     WHERE \"exclusive\" = TRUE GROUP BY user_id HAVING COUNT(*) > 1",
];
