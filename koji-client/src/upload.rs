//! Uploads: files and parts of growing logs into the hub's work directory, as raw request bodies.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use koji_core::api::uploads::CheckUpload;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::error::{Error, Result};
use crate::session::{Outgoing, Session};

/// How far a transfer is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What has arrived.
    pub done: u64,
    /// What there is, if it is known.
    pub total: Option<u64>,
}

/// How often a part is sent again that arrived damaged.
const DAMAGED_RETRIES: u32 = 3;

pub(crate) type Callback<'a> = Box<dyn FnMut(Progress) + Send + 'a>;

/// An upload of a file, see [`Session::upload`].
#[must_use = "nothing is sent before `send`"]
pub struct Upload<'a> {
    session: &'a Session,
    file: PathBuf,
    directory: String,
    name: Option<String>,
    volume: Option<String>,
    overwrite: bool,
    resume: bool,
    progress: Option<Callback<'a>>,
}

impl fmt::Debug for Upload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("file", &self.file).field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// The answer to a raw upload.
#[derive(Deserialize)]
struct PartReceipt {
    size: u64,
    hexdigest: String,
}

/// The answer to `checkUpload`.
#[derive(Deserialize)]
struct FileReceipt {
    size: u64,
    #[serde(default)]
    hexdigest: Option<String>,
}

impl Session {
    /// Sends a file into a directory below the hub's `work`, by convention one of the user's own
    /// (`cli-build/<time>.<random>`), or a task's.
    pub fn upload<'a>(&'a self, file: impl Into<PathBuf>, directory: impl Into<String>) -> Upload<'a> {
        Upload {
            session: self,
            file: file.into(),
            directory: directory.into(),
            name: None,
            volume: None,
            overwrite: true,
            resume: false,
            progress: None,
        }
    }

    /// Writes data at an offset of a file in a directory below the hub's `work`, in place of what is there from that
    /// offset on: the way in which logs grow while they are written.
    pub async fn upload_bytes(
        &self,
        directory: &str,
        name: &str,
        offset: u64,
        data: impl Into<Bytes>,
        volume: Option<&str>,
    ) -> Result<()> {
        let mut data = data.into();
        let target = Target { session: self, directory, name, volume };
        let mut at = offset;
        loop {
            let part = data.split_to(data.len().min(self.options().blocksize));
            let size = part.len() as u64;
            target.send_part(at, part, true).await?;
            at += size;
            if data.is_empty() {
                return Ok(());
            }
        }
    }
}

impl<'a> Upload<'a> {
    /// The name at the hub, if it is not the file's own.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The volume, if it is not `DEFAULT`.
    pub fn volume(mut self, volume: impl Into<String>) -> Self {
        self.volume = Some(volume.into()).filter(|volume| volume != koji_core::paths::DEFAULT_VOLUME);
        self
    }

    /// Whether a file of that name is replaced, which is the default, or is an error.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Whether to go on after what an earlier, broken upload has left, if that is the beginning of the file.
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// What to call after each part.
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Sends the file: its size in bytes. Each part is checked as it arrives; the size is checked at the end, and the whole
    /// file's checksum too if anything had to be sent twice.
    pub async fn send(mut self) -> Result<u64> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => base_name(&self.file)?,
        };
        let target =
            Target { session: self.session, directory: &self.directory, name: &name, volume: self.volume.as_deref() };
        let mut source = Source::open(&self.file).await?;
        let mut doubtful = false;
        if self.resume
            && let Some(there) = target.check(true).await?
            && source.skip(&there).await?
        {
            doubtful = true;
        }
        let blocksize = self.session.options().blocksize;
        let total = Some(source.total);
        let mut report = |done| {
            if let Some(progress) = &mut self.progress {
                progress(Progress { done, total });
            }
        };
        report(source.at);
        // an empty file is one empty part
        let mut first = source.at == 0;
        loop {
            let at = source.at;
            let part = source.read(blocksize).await?;
            if part.is_empty() && !first {
                break;
            }
            first = false;
            doubtful |= target.send_part(at, part, self.overwrite || at > 0).await? > 1;
            report(source.at);
        }
        target.verify(&source, doubtful).await?;
        Ok(source.at)
    }
}

/// A local file, read from its beginning, with the checksum of what was read.
struct Source {
    path: PathBuf,
    file: tokio::fs::File,
    total: u64,
    at: u64,
    sum: simd_adler32::Adler32,
}

impl Source {
    async fn open(path: &Path) -> Result<Self> {
        let file = tokio::fs::File::open(path).await.map_err(Error::io(path))?;
        let total = file.metadata().await.map_err(Error::io(path))?.len();
        Ok(Self { path: path.to_owned(), file, total, at: 0, sum: simd_adler32::Adler32::new() })
    }

    async fn read(&mut self, size: usize) -> Result<Bytes> {
        let mut part = Vec::with_capacity(size);
        (&mut self.file).take(size as u64).read_to_end(&mut part).await.map_err(Error::io(&self.path))?;
        self.sum.write(&part);
        self.at += part.len() as u64;
        Ok(part.into())
    }

    /// Moves behind what is there already, if that is how the file begins.
    async fn skip(&mut self, there: &FileReceipt) -> Result<bool> {
        if there.size == 0 || there.size > self.total {
            return Ok(false);
        }
        while self.at < there.size {
            let rest = usize::try_from(there.size - self.at).unwrap_or(usize::MAX);
            if self.read(rest.min(1 << 20)).await?.is_empty() {
                break;
            }
        }
        if self.at == there.size && there.hexdigest.as_deref() == Some(hex(&self.sum).as_str()) {
            return Ok(true);
        }
        self.file.rewind().await.map_err(Error::io(&self.path))?;
        self.at = 0;
        self.sum = simd_adler32::Adler32::new();
        Ok(false)
    }
}

/// A file at the hub.
struct Target<'a> {
    session: &'a Session,
    directory: &'a str,
    name: &'a str,
    volume: Option<&'a str>,
}

impl Target<'_> {
    /// Sends a part until it has arrived undamaged: how often it was sent.
    async fn send_part(&self, offset: u64, part: Bytes, overwrite: bool) -> Result<u32> {
        if !self.session.is_logged_in() {
            return Err(Error::NotLoggedIn);
        }
        let mut sum = simd_adler32::Adler32::new();
        sum.write(&part);
        let (size, sum) = (part.len() as u64, hex(&sum));
        let outgoing = Outgoing::upload(&self.query(offset, overwrite), part);
        let mut attempts = 0;
        for damaged in 0.. {
            let delivered = self.session.deliver(&outgoing).await?;
            attempts += delivered.attempts;
            let receipt: PartReceipt = delivered.read(&outgoing.name)?;
            if receipt.size == size && receipt.hexdigest == sum {
                break;
            }
            if damaged == DAMAGED_RETRIES || !overwrite {
                let problem = if receipt.size == size {
                    format!("upload checksum failed: {} != {sum}", receipt.hexdigest)
                } else {
                    format!("server returned wrong chunk size: {} != {size}", receipt.size)
                };
                return Err(self.damaged(problem));
            }
        }
        Ok(attempts)
    }

    fn query(&self, offset: u64, overwrite: bool) -> String {
        let mut query = String::new();
        let mut put = |name: &str, value: &str| {
            query.push_str(if query.is_empty() { "" } else { "&" });
            query.push_str(name);
            query.push('=');
            percent_encode(&mut query, value);
        };
        put("filename", self.name);
        put("filepath", self.directory);
        put("fileverify", "adler32");
        put("offset", &offset.to_string());
        if overwrite {
            put("overwrite", "1");
        }
        if let Some(volume) = self.volume {
            put("volume", volume);
        }
        query
    }

    async fn check(&self, checksum: bool) -> Result<Option<FileReceipt>> {
        let mut check = CheckUpload::new(self.directory, self.name);
        check.verify = checksum.then(|| "adler32".to_owned());
        check.volume = self.volume.map(str::to_owned);
        let Some(found) = self.session.call(check).await? else { return Ok(None) };
        let receipt = koji_core::xmlrpc::from_value(found.into()).map_err(Error::protocol("checkUpload"))?;
        Ok(Some(receipt))
    }

    async fn verify(&self, source: &Source, doubtful: bool) -> Result<()> {
        let found = self.check(doubtful).await?;
        let found = found.ok_or_else(|| self.damaged("File upload failed".to_owned()))?;
        if found.size != source.at {
            return Err(self.damaged(format!("Uploaded file is wrong length: {} != {}", found.size, source.at)));
        }
        let (there, here) = (found.hexdigest.unwrap_or_default(), hex(&source.sum));
        if doubtful && there != here {
            return Err(self.damaged(format!("Uploaded file has wrong checksum: {there} != {here}")));
        }
        Ok(())
    }

    fn damaged(&self, problem: String) -> Error {
        Error::Checksum { file: format!("{}/{}", self.directory, self.name), problem }
    }
}

fn hex(sum: &simd_adler32::Adler32) -> String {
    format!("{:08x}", sum.clone().finish())
}

fn base_name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| Error::Configuration(format!("{}: no name to upload as", path.display())))
}

fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use koji_core::xmlrpc::Struct;

    use super::*;
    use crate::Options;
    use crate::testing::Script;

    fn receipt(data: &[u8]) -> Struct {
        let mut sum = simd_adler32::Adler32::new();
        sum.write(data);
        [("size", (data.len() as i64).into()), ("hexdigest", koji_core::xmlrpc::Value::from(hex(&sum)))]
            .into_iter()
            .collect()
    }

    async fn logged_in(hub: &Arc<Script>) -> Session {
        hub.keys(7);
        let session = hub.session_with(Options { blocksize: 4, ..Options::default() });
        session.login("kojiadmin", "secret").await.unwrap();
        session
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }

    fn part(offset: u64) -> String {
        let query = format!("filename=a%20b.rpm&filepath=cli-build/x&fileverify=adler32&offset={offset}&overwrite=1");
        format!("POST /kojihub?{query}")
    }

    #[tokio::test]
    async fn a_file_goes_in_parts() {
        let hub = Script::new();
        let session = logged_in(&hub).await;
        hub.value(receipt(b"0123")).value(receipt(b"4567")).value(receipt(b"89")).value(receipt(b"0123456789"));
        let file = file(b"0123456789");
        let mut seen = Vec::new();
        let upload = session.upload(file.path(), "cli-build/x").name("a b.rpm").progress(|p| seen.push(p.done));
        assert_eq!(upload.send().await.unwrap(), 10);
        assert_eq!(seen, [0, 4, 8, 10]);
        let expected =
            [part(0) + "(7/0)", part(4) + "(7/1)", part(8) + "(7/2)", "checkUpload(7/3)".to_owned()].to_vec();
        assert_eq!(hub.log()[1..], expected);
    }

    #[tokio::test(start_paused = true)]
    async fn damage_is_repaired_or_found() {
        let hub = Script::new();
        let session = logged_in(&hub).await;
        // a part that was sent twice makes the whole file be checked
        hub.lost().value(receipt(b"0123")).value(receipt(b"oops"));
        let file = file(b"0123");
        let error = session.upload(file.path(), "x").send().await.unwrap_err();
        assert!(error.to_string().contains("Uploaded file has wrong checksum"), "{error}");

        hub.value(receipt(b"012x")).value(receipt(b"0123")).value(receipt(b"0123"));
        session.upload(file.path(), "x").send().await.unwrap();

        (0..4).for_each(|_| {
            hub.value(receipt(b"012"));
        });
        let error = session.upload(file.path(), "x").send().await.unwrap_err();
        assert!(error.to_string().contains("server returned wrong chunk size: 3 != 4"), "{error}");
        hub.log();
    }

    #[tokio::test]
    async fn an_upload_goes_on_where_it_broke() {
        let hub = Script::new();
        let session = logged_in(&hub).await;
        hub.value(receipt(b"01234567")).value(receipt(b"89")).value(receipt(b"0123456789"));
        let whole = file(b"0123456789");
        session.upload(whole.path(), "cli-build/x").name("a b.rpm").resume(true).send().await.unwrap();
        assert_eq!(hub.log()[1..], ["checkUpload(7/0)".to_owned(), part(8) + "(7/1)", "checkUpload(7/2)".to_owned()]);

        // what is there is another file's beginning
        let other = file(b"other");
        hub.value(receipt(b"0123")).value(receipt(b"othe")).value(receipt(b"r")).value(receipt(b"other"));
        session.upload(other.path(), "cli-build/x").resume(true).send().await.unwrap();
    }

    #[tokio::test]
    async fn an_empty_file_is_one_empty_part() {
        let hub = Script::new();
        let session = logged_in(&hub).await;
        hub.value(receipt(b"")).value(receipt(b""));
        assert_eq!(session.upload(file(b"").path(), "x").send().await.unwrap(), 0);
        assert_eq!(hub.log().len(), 3);
    }

    #[tokio::test]
    async fn logs_grow_at_an_offset() {
        let hub = Script::new();
        let session = logged_in(&hub).await;
        hub.value(receipt(b"0123")).value(receipt(b"45"));
        session.upload_bytes("cli-build/x", "a b.rpm", 100, &b"012345"[..], None).await.unwrap();
        assert_eq!(hub.log()[1..], [part(100) + "(7/0)", part(104) + "(7/1)"]);
    }

    #[tokio::test]
    async fn uploads_need_a_login() {
        let error = Script::new().session().upload_bytes("x", "y", 0, &b"z"[..], None).await.unwrap_err();
        assert!(matches!(error, Error::NotLoggedIn));
    }
}
