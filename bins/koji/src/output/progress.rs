//! Progress bars of transfers, drawn over and over on one line.

use std::io::Write;
use std::time::Instant;

use koji_client::Progress;

/// `1.50 KiB`.
pub fn size(bytes: f64) -> String {
    let (divisor, unit) = match bytes {
        b if b >= 1_073_741_824.0 => (1_073_741_824.0, "GiB"),
        b if b >= 1_048_576.0 => (1_048_576.0, "MiB"),
        b if b >= 1024.0 => (1024.0, "KiB"),
        _ => (1.0, "B"),
    };
    format!("{:.2} {unit}", bytes / divisor)
}

/// `00:01:05`.
fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn bar(done: u64, total: u64) -> (String, f64) {
    let part = if total == 0 { 0.0 } else { done as f64 / total as f64 };
    ("=".repeat((part.min(1.0) * 36.0) as usize), part)
}

fn draw(line: &str) {
    let mut out = std::io::stdout().lock();
    // a bar that nobody reads is no reason to break off
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// The bar of an upload.
pub struct UploadBar {
    began: Instant,
    last: (Instant, u64),
}

impl UploadBar {
    /// Begins now.
    pub fn new() -> Self {
        let now = Instant::now();
        Self { began: now, last: (now, 0) }
    }

    /// Draws how far it is.
    pub fn show(&mut self, progress: Progress) {
        draw(&self.line(progress, Instant::now()));
    }

    fn line(&mut self, progress: Progress, now: Instant) -> String {
        let total = progress.total.unwrap_or(progress.done);
        let (bar, part) = bar(progress.done, total);
        let piece = progress.done - self.last.1;
        let seconds = |since: Instant| now.duration_since(since).as_secs_f64().max(0.00001);
        let speed = if progress.done == 0 {
            "- B/sec".to_owned()
        } else if progress.done < total {
            format!("{}/sec", size(piece as f64 / seconds(self.last.0)))
        } else {
            format!("{}/sec", size(total as f64 / seconds(self.began)))
        };
        self.last = (now, progress.done);
        let percent = format!("{:02}%", (part * 100.0) as u64);
        let elapsed = clock(now.duration_since(self.began).as_secs());
        format!("[{bar:<36}] {percent:>4} {elapsed:>8} {:>10} {speed:>14}\r", size(progress.done as f64))
    }
}

/// The bar of a download.
pub fn show_download(progress: Progress) {
    draw(&download_line(progress));
}

fn download_line(progress: Progress) -> String {
    let (bar, part) = bar(progress.done, progress.total.unwrap_or_default());
    let done = size(progress.done as f64);
    let (percent, sizes) = match progress.total {
        Some(total) if total > 0 => {
            (format!("{:3}%", (part * 100.0) as u64), format!("{done} / {}", size(total as f64)))
        }
        _ => ("???%".to_owned(), done),
    };
    format!("[{bar:<36}] {percent:>4} {sizes:>10}\r")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bars_look_like_koji() {
        let done = Progress { done: 6799, total: Some(6799) };
        assert_eq!(download_line(done), "[====================================] 100% 6.64 KiB / 6.64 KiB\r");
        let unknown = Progress { done: 10, total: None };
        assert_eq!(download_line(unknown), "[                                    ] ???%    10.00 B\r");

        let mut bar = UploadBar::new();
        let total = Some(4 << 20);
        let at = |seconds| bar.began + Duration::from_secs(seconds);
        let (begin, later, end) = (at(0), at(2), at(4));
        let line = bar.line(Progress { done: 0, total }, begin);
        assert_eq!(line, "[                                    ]  00% 00:00:00     0.00 B        - B/sec\r");
        let line = bar.line(Progress { done: 1 << 20, total }, later);
        assert_eq!(line, "[=========                           ]  25% 00:00:02   1.00 MiB 512.00 KiB/sec\r");
        let line = bar.line(Progress { done: 4 << 20, total }, end);
        assert_eq!(line, "[====================================] 100% 00:00:04   4.00 MiB   1.00 MiB/sec\r");
    }
}
