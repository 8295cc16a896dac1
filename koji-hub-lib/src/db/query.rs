//! Statements of which the filters, the order and the limits are only known at run time.

use std::fmt::Write;

use futures_util::stream::BoxStream;
use koji_core::api::QueryOpts;
use koji_core::api::query::Rows;
use koji_core::ids::EventId;
use serde::Serialize;

use super::{Arg, Args, Conn, DbError, Dialect, FromDb, Sql, Statement};

/// A `SELECT`, put together piece by piece. Each piece numbers its arguments from `$1`; the whole is numbered here.
///
/// ```no_run
/// # use koji_core::api::QueryOpts;
/// # use koji_hub_lib::db::{Conn, DbError, Select, args, list, sql};
/// # #[derive(sqlx::FromRow)] struct Build { build_id: i32, package_name: String }
/// # async fn example(conn: &mut Conn, states: Option<Vec<i32>>, name: &str, opts: &QueryOpts) -> Result<(), DbError> {
/// let mut query = Select::from("build")
///     .columns(&[("build.id", "build_id"), ("package.name", "package_name")])
///     .join("JOIN package ON package.id = build.pkg_id")
///     .filter("package.name = $1", args![name]);
/// if let Some(states) = &states {
///     query = query.filter(sql!("build.state ", {in "$1"}), args![list(states)]);
/// }
/// let builds: Vec<Build> = query.options(opts)?.fetch_all(conn).await?;
/// # Ok(())
/// # }
/// ```
pub struct Select<'a> {
    columns: Vec<(Sql, &'static str)>,
    from: Piece,
    joins: Vec<Piece>,
    filters: Vec<Piece>,
    group: Option<&'static str>,
    order: Vec<Order>,
    offset: Option<i64>,
    limit: Option<i64>,
    tail: Option<Sql>,
    args: Args<'a>,
}

/// Text whose `$1` is the statement's `$(shift + 1)`.
struct Piece {
    text: Text,
    shift: usize,
}

enum Text {
    Plain(Sql),
    /// `table.active = TRUE`
    Current(&'static str),
    /// `table` at the event `$1`
    At(&'static str),
}

struct Order {
    by: Sql,
    descending: bool,
}

impl<'a> Select<'a> {
    /// Selects from a table, or from anything that may stand after `FROM`.
    pub fn from(table: impl Into<Sql>) -> Self {
        Self {
            columns: Vec::new(),
            from: Piece { text: Text::Plain(table.into()), shift: 0 },
            joins: Vec::new(),
            filters: Vec::new(),
            group: None,
            order: Vec::new(),
            offset: None,
            limit: None,
            tail: None,
            args: Vec::new(),
        }
    }

    /// Adds a column under a name; it is also the name that a client may order by.
    #[must_use]
    pub fn column(mut self, expression: impl Into<Sql>, name: &'static str) -> Self {
        self.columns.push((expression.into(), name));
        self
    }

    /// Adds columns, each with its name.
    #[must_use]
    pub fn columns(mut self, columns: &[(&'static str, &'static str)]) -> Self {
        self.columns.extend(columns.iter().map(|&(expression, name)| (expression.into(), name)));
        self
    }

    /// Adds a join, `LEFT JOIN users ON ..`.
    #[must_use]
    pub fn join(self, join: impl Into<Sql>) -> Self {
        self.join_with(join, Vec::new())
    }

    /// Adds a join with arguments.
    #[must_use]
    pub fn join_with(mut self, join: impl Into<Sql>, args: Args<'a>) -> Self {
        let piece = self.piece(Text::Plain(join.into()), args);
        self.joins.push(piece);
        self
    }

    /// Adds a condition; all must hold.
    #[must_use]
    pub fn filter(mut self, condition: impl Into<Sql>, args: Args<'a>) -> Self {
        let piece = self.piece(Text::Plain(condition.into()), args);
        self.filters.push(piece);
        self
    }

    /// Keeps the rows of a versioned table, or of its alias, that hold now, or that held at `event`.
    #[must_use]
    pub fn at(mut self, table: &'static str, event: Option<EventId>) -> Self {
        let piece = match event {
            None => self.piece(Text::Current(table), Vec::new()),
            Some(event) => self.piece(Text::At(table), vec![Arg::from(event)]),
        };
        self.filters.push(piece);
        self
    }

    /// Groups by these expressions.
    #[must_use]
    pub fn group_by(mut self, expressions: &'static str) -> Self {
        self.group = Some(expressions);
        self
    }

    /// Orders by an expression, after those given before. Nulls are last, as on Postgres.
    #[must_use]
    pub fn order_by(mut self, expression: impl Into<Sql>) -> Self {
        self.order.push(Order { by: expression.into(), descending: false });
        self
    }

    /// Orders by an expression, the greatest first. Nulls are first, as on Postgres.
    #[must_use]
    pub fn order_by_desc(mut self, expression: impl Into<Sql>) -> Self {
        self.order.push(Order { by: expression.into(), descending: true });
        self
    }

    /// Gives at most this many rows.
    #[must_use]
    pub fn limit(mut self, rows: i64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Locks the rows until the transaction ends; `lock` is one of the `{for update ..}` fragments.
    #[must_use]
    pub fn lock(mut self, lock: Sql) -> Self {
        self.tail = Some(lock);
        self
    }

    /// Applies a client's order, offset and limit. The order replaces the one given before; it may name only the
    /// columns of this query ([`DbError::InvalidOrder`]). Zero is no offset and no limit, as for Koji.
    pub fn options(mut self, options: &QueryOpts) -> Result<Self, DbError> {
        if let Some(order) = options.order.as_deref().filter(|order| !order.is_empty()) {
            self.order = order.split(',').map(|term| self.order_term(term)).collect::<Result<_, _>>()?;
        }
        for (option, value, place) in
            [("offset", options.offset, &mut self.offset), ("limit", options.limit, &mut self.limit)]
        {
            match value {
                None | Some(0) => {}
                Some(value @ 1..) => *place = Some(value),
                Some(value) => return Err(DbError::Negative { option, value }),
            }
        }
        Ok(self)
    }

    fn order_term(&self, term: &str) -> Result<Order, DbError> {
        let (name, descending) = match term.strip_prefix('-') {
            Some(name) => (name, true),
            None => (term, false),
        };
        match self.columns.iter().find(|(expression, alias)| *alias == name || expression.postgres == name) {
            Some(&(by, _)) => Ok(Order { by, descending }),
            None => Err(DbError::InvalidOrder(name.to_owned())),
        }
    }

    /// All rows.
    pub async fn fetch_all<T: FromDb>(self, conn: &mut Conn) -> Result<Vec<T>, DbError> {
        let (sql, args) = self.build(conn.dialect());
        conn.fetch_all(sql, args).await
    }

    /// The first row, if there is one.
    pub async fn fetch_optional<T: FromDb>(self, conn: &mut Conn) -> Result<Option<T>, DbError> {
        let (sql, args) = self.build(conn.dialect());
        conn.fetch_optional(sql, args).await
    }

    /// The first column of every row.
    pub async fn fetch_scalars<T>(self, conn: &mut Conn) -> Result<Vec<T>, DbError>
    where
        (T,): FromDb,
    {
        let (sql, args) = self.build(conn.dialect());
        conn.fetch_scalars(sql, args).await
    }

    /// What a client asked for: the rows in its order and within its limits, or only their number, or each as a list of
    /// its columns, in the order of their names.
    pub async fn rows<T: FromDb + Serialize>(
        self,
        conn: &mut Conn,
        asked: Option<&QueryOpts>,
    ) -> Result<Rows<T>, DbError> {
        let Some(asked) = asked else { return Ok(Rows::List(self.fetch_all(conn).await?)) };
        let query = self.options(asked)?;
        if asked.count_only == Some(true) {
            return Ok(Rows::Count(query.count(conn).await?));
        }
        let mut names: Vec<&str> = query.columns.iter().map(|(_, name)| *name).collect();
        names.sort_unstable();
        let rows = query.fetch_all(conn).await?;
        Ok(if asked.as_list == Some(true) { Rows::values(rows, &names) } else { Rows::List(rows) })
    }

    /// The rows one by one, for answers too large to hold.
    pub fn stream<T: FromDb>(self, conn: &mut Conn) -> Result<BoxStream<'_, Result<T, DbError>>, DbError> {
        let (sql, args) = self.build(conn.dialect());
        conn.stream(sql, args)
    }

    /// How many rows there are, offset and limit applied.
    pub async fn count(mut self, conn: &mut Conn) -> Result<i64, DbError> {
        let dialect = conn.dialect();
        self.order.clear();
        self.tail = None;
        let sql = if self.offset.is_none() && self.limit.is_none() && self.group.is_none() {
            self.text(dialect, "COUNT(*)")
        } else {
            format!("SELECT COUNT(*) FROM ({}) AS numrows", self.text(dialect, "1"))
        };
        conn.fetch_scalar(Statement(sql), self.all_args()).await
    }

    /// The statement and its arguments.
    pub fn build(self, dialect: Dialect) -> (Statement, Args<'a>) {
        let mut columns = String::new();
        for (expression, name) in &self.columns {
            let separator = if columns.is_empty() { "" } else { ", " };
            let _ = write!(columns, "{separator}{} AS \"{name}\"", expression.text(dialect));
        }
        (Statement(self.text(dialect, &columns)), self.all_args())
    }

    /// The pieces' arguments, then limit and offset.
    fn all_args(self) -> Args<'a> {
        let mut args = self.args;
        args.extend(self.limit.map(Arg::from));
        args.extend(self.offset.map(Arg::from));
        args
    }

    fn text(&self, dialect: Dialect, columns: &str) -> String {
        let mut sql = format!("SELECT {columns} FROM ");
        self.from.write(dialect, &mut sql);
        for join in &self.joins {
            sql.push(' ');
            join.write(dialect, &mut sql);
        }
        for (n, filter) in self.filters.iter().enumerate() {
            sql.push_str(if n == 0 { " WHERE (" } else { " AND (" });
            filter.write(dialect, &mut sql);
            sql.push(')');
        }
        if let Some(group) = self.group {
            sql.extend([" GROUP BY ", group]);
        }
        for (n, order) in self.order.iter().enumerate() {
            sql.push_str(if n == 0 { " ORDER BY " } else { ", " });
            sql.push_str(order.by.text(dialect));
            sql.push_str(match (dialect, order.descending) {
                (Dialect::Postgres, false) => "",
                (Dialect::Postgres, true) => " DESC",
                (Dialect::Sqlite, false) => " NULLS LAST",
                (Dialect::Sqlite, true) => " DESC NULLS FIRST",
            });
        }
        let mut number = self.args.len();
        if self.limit.is_some() {
            number += 1;
            let _ = write!(sql, " LIMIT ${number}");
        } else if self.offset.is_some() && dialect == Dialect::Sqlite {
            // SQLite has OFFSET only after LIMIT.
            sql.push_str(" LIMIT -1");
        }
        if self.offset.is_some() {
            let _ = write!(sql, " OFFSET ${}", number + 1);
        }
        if let Some(tail) = self.tail {
            sql.push_str(tail.text(dialect));
        }
        sql
    }

    fn piece(&mut self, text: Text, args: Args<'a>) -> Piece {
        let shift = self.args.len();
        self.args.extend(args);
        Piece { text, shift }
    }
}

impl Piece {
    fn write(&self, dialect: Dialect, sql: &mut String) {
        match self.text {
            Text::Plain(text) => renumber(text.text(dialect), self.shift, sql),
            Text::Current(table) => drop(write!(sql, "{table}.active = TRUE")),
            Text::At(table) => {
                let n = self.shift + 1;
                let _ = write!(
                    sql,
                    "{table}.create_event <= ${n} AND ({table}.revoke_event IS NULL OR ${n} < {table}.revoke_event)"
                );
            }
        }
    }
}

/// Copies `text`, adding `shift` to the number of each `$1`.
fn renumber(text: &str, shift: usize, sql: &mut String) {
    let mut parts = text.split('$');
    sql.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        sql.push('$');
        match part[..digits].parse::<usize>() {
            Ok(n) => drop(write!(sql, "{}", n + shift)),
            Err(_) => sql.push_str(&part[..digits]),
        }
        sql.push_str(&part[digits..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args, sql};

    fn text(query: Select<'_>, dialect: Dialect) -> String {
        query.build(dialect).0.0
    }

    fn query<'a>() -> Select<'a> {
        Select::from("build")
            .columns(&[("build.id", "build_id"), ("package.name", "name")])
            .join_with("JOIN tag_listing AS l ON l.build_id = build.id AND l.tag_id = $1", args![7])
            .filter("build.version = $1 OR build.release = $1 OR build.epoch = $2", args!["1", 2])
            .at("l", Some(EventId(5)))
            .filter(sql!("build.state ", {in "$1"}), args![crate::db::list(&[1, 2])])
    }

    #[test]
    fn pieces_are_numbered_as_one_statement() {
        assert_eq!(
            text(query(), Dialect::Postgres),
            "SELECT build.id AS \"build_id\", package.name AS \"name\" FROM build \
             JOIN tag_listing AS l ON l.build_id = build.id AND l.tag_id = $1 \
             WHERE (build.version = $2 OR build.release = $2 OR build.epoch = $3) \
             AND (l.create_event <= $4 AND (l.revoke_event IS NULL OR $4 < l.revoke_event)) \
             AND (build.state = ANY($5))"
        );
    }

    #[test]
    fn clients_order_by_known_columns_only() {
        let options = |order: &str| QueryOpts { order: Some(order.to_owned()), ..QueryOpts::default() };
        let ordered = query().order_by("build.epoch").options(&options("-build_id,package.name")).unwrap();
        assert!(text(ordered, Dialect::Postgres).ends_with(" ORDER BY build.id DESC, package.name"));
        for (order, named) in [("epoch", "epoch"), ("name,;drop", ";drop"), ("-", ""), ("name ", "name ")] {
            match query().options(&options(order)) {
                Err(DbError::InvalidOrder(name)) => assert_eq!(name, named),
                _ => panic!("{order} was taken"),
            }
        }
    }

    #[test]
    fn limits_are_positive() {
        let options = |limit, offset| QueryOpts { limit: Some(limit), offset: Some(offset), ..QueryOpts::default() };
        assert!(text(query().options(&options(0, 3)).unwrap(), Dialect::Sqlite).ends_with(" LIMIT -1 OFFSET $6"));
        assert!(text(query().options(&options(0, 3)).unwrap(), Dialect::Postgres).ends_with(") OFFSET $6"));
        assert!(text(query().options(&options(2, 0)).unwrap(), Dialect::Postgres).ends_with(" LIMIT $6"));
        assert!(matches!(query().options(&options(-1, 0)), Err(DbError::Negative { option: "limit", value: -1 })));
    }
}
