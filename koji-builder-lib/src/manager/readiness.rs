//! Whether the host can take another task.

use koji_core::model::Host;
use nix::sys::statvfs::statvfs;

use super::{Manager, Request};

impl Manager {
    /// Whether the host takes tasks now; why not is logged.
    pub(super) fn is_ready(&self, host: &Host, load: f64) -> bool {
        let reason = self.why_not(host, load);
        if let Some(reason) = &reason {
            tracing::debug!(reason, "not ready for another task");
        }
        reason.is_none()
    }

    fn why_not(&self, host: &Host, load: f64) -> Option<String> {
        if *self.requests.borrow() != Request::Run {
            return Some("about to end".to_owned());
        }
        if !host.enabled {
            return Some("the host is disabled".to_owned());
        }
        if load > host.capacity {
            return Some(format!("over capacity: {load:.2} of {:.2}", host.capacity));
        }
        if self.children.len() >= self.config.maxjobs {
            return Some(format!("{} tasks run, which is the most", self.children.len()));
        }
        match statvfs(&self.config.workdir) {
            Ok(fs) => {
                let free = fs.blocks_available().saturating_mul(fs.fragment_size()) >> 20;
                if free < self.config.minspace {
                    let workdir = self.config.workdir.display();
                    return Some(format!("{free} MiB are free in {workdir}, {} are needed", self.config.minspace));
                }
            }
            Err(error) => return Some(format!("{}: {error}", self.config.workdir.display())),
        }
        let cpus = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
        match load_average() {
            Some(average) if average > self.config.maxload * cpus => Some(format!("the load average is {average}")),
            _ => None,
        }
    }
}

fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}
