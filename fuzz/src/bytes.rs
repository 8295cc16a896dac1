use koji_core::xmlrpc::{Base64, DateTime, Struct, Value};

/// Texts that mean something to some method, or to some parser behind it.
const TEXTS: &[&str] = &[
    "", "hello", "hello-1-1", "hello-1-1.src", "hello-1-1.noarch", "f44", "f45", "admin", "ann", "builder1", "default",
    "x86_64", "DEFAULT", "rpm", "maven", "win", "image", "cg", "id", "-id", "name", "build", "newRepo", "../x", "%",
    "'; --", "\\", "(", "2024-01-01", "1", "group_id", "read", "é\u{0}\u{ffff}",
];
const NUMBERS: &[i64] = &[0, 1, 2, 3, -1, 255, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];
const DEPTH: u8 = 4;

/// The fuzzer's bytes, read from the front; at their end all is zero.
pub struct Source<'b>(&'b [u8]);

impl<'b> Source<'b> {
    /// Reads these.
    pub fn new(bytes: &'b [u8]) -> Self {
        Source(bytes)
    }

    /// Whether any are left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = usize::from(self.byte()) | usize::from(if all.len() > 256 { self.byte() } else { 0 }) << 8;
        &all[at % all.len()]
    }

    /// The next bytes: as many as the byte before them says.
    pub fn take(&mut self) -> &'b [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'b [u8] {
        std::mem::take(&mut self.0)
    }

    /// A text.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.take()).into_owned()
    }

    /// Any value of the wire; `names` are what members of structs are called.
    pub fn value(&mut self, names: &[&str]) -> Value {
        self.value_at(names, DEPTH)
    }

    fn value_at(&mut self, names: &[&str], depth: u8) -> Value {
        match self.byte() % 16 {
            0 => Value::Nil,
            1 => true.into(),
            2 => false.into(),
            3 | 4 => Value::Int(*self.pick(NUMBERS)),
            5 => Value::Int(i64::from(self.byte())),
            6..=8 => (*self.pick(TEXTS)).into(),
            9 => self.text().into(),
            10 => Value::Double(f64::from_bits(u64::from_le_bytes(std::array::from_fn(|_| self.byte())))),
            11 => Value::Base64(Base64(self.take().to_vec())),
            12 => Value::DateTime(DateTime(self.text())),
            13 if depth > 0 => {
                let count = self.byte() % 5;
                Value::Array((0..count).map(|_| self.value_at(names, depth - 1)).collect())
            }
            14 | 15 if depth > 0 => {
                let count = self.byte() % 5;
                let mut members = Struct::new();
                for _ in 0..count {
                    let name = *self.pick(names);
                    members.insert(name, self.value_at(names, depth - 1));
                }
                Value::Struct(members)
            }
            _ => Value::Nil,
        }
    }
}
