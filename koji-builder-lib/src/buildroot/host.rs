//! Builds on the host's own `/usr`.
//!
//! The build sees the host's programs and libraries, read-only, and no network. Packages of the tag's repo that the build
//! requires are unpacked and laid over `/usr` for it; their scripts are not run. What the host provides of what is
//! required is judged by [`super::host_tools`].

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use async_trait::async_trait;
use koji_core::xmlrpc::Struct;
use nix::sys::statvfs::statvfs;

use super::host_tools::HostTools;
use super::lease::arch_repo;
use super::repodata::RepoPackages;
use super::sandbox::{HOME, Sandbox};
use super::solve::solve;
use super::{Buildroot, BuildrootPlan, BuildrootProvider, BuiltPackages, PackageHeader, macros};
use crate::task::{LoggedCommand, TaskContext, TaskError, describe, file_name};

/// Unpacks the RPM `$1` below `$2`, as a system with a merged `/usr` would have it.
const UNPACK: &str = r#"set -e -o pipefail
cd "$2"
rpm2cpio "$1" | cpio --extract --make-directories --preserve-modification-time --unconditional --quiet \
    --no-absolute-filenames --no-preserve-owner
for dir in bin sbin lib lib64; do
    if [ -d "$dir" ] && [ ! -L "$dir" ]; then
        mkdir -p "usr/$dir"
        cp -a "$dir/." "usr/$dir/"
        rm -rf "$dir"
    fi
done
"#;

/// Builds on the host's own `/usr`, read-only.
#[derive(Debug, Clone, Copy)]
pub struct HostProvider;

#[async_trait]
impl BuildrootProvider for HostProvider {
    async fn prepare(&self, cx: &TaskContext, plan: BuildrootPlan) -> Result<Box<dyn Buildroot>, TaskError> {
        let directory = cx.workdir().join("root");
        let mut sandbox = Sandbox::new(&directory)?;
        for (name, value) in macros::environment(&plan.tag) {
            sandbox = sandbox.env(&name, &value);
        }
        let text = macros::macro_file(cx.config(), &plan.tag, &plan.arch);
        fs_err::write(sandbox.home().join(".rpmmacros"), text)?;
        let root = HostBuildroot { cx: cx.clone(), plan, sandbox, packages: Vec::new(), laid_over: BTreeSet::new() };
        let (tag, repo) = (&root.plan.tag.name, &root.plan.repo.id);
        root.note(&format!("buildroot {}: this host's /usr, with packages of {tag}, repo {repo}", root.plan.id))?;
        // says early whether sandboxes work here at all
        let status = root.sandbox.command(&["rpmbuild", "--version"])?.run(&root.log("root.log")).await?;
        if !status.success() {
            return Err(TaskError::buildroot(format!(
                "could not init buildroot, {}; see root.log for more information",
                describe("bwrap", status)
            )));
        }
        Ok(Box::new(root))
    }
}

struct HostBuildroot {
    cx: TaskContext,
    plan: BuildrootPlan,
    sandbox: Sandbox,
    packages: Vec<Struct>,
    laid_over: BTreeSet<String>,
}

#[async_trait]
impl Buildroot for HostBuildroot {
    fn logs(&self) -> &'static [&'static str] {
        &["root.log", "build.log"]
    }

    fn packages(&self) -> Vec<Struct> {
        self.packages.clone()
    }

    async fn fetch_sources(&mut self, command: &[String], directory: &Path) -> Result<(), TaskError> {
        let inside = format!("{HOME}/sources");
        let sandbox = self.sandbox.clone().bind(directory, &inside, true).cwd(&inside).with_network();
        let status = self.run(sandbox.command(command)?).await?;
        self.require_success(status, "error retrieving sources", command.first().map_or("command", String::as_str))
    }

    async fn build_srpm(&mut self, directory: &Path, spec: &Path, sources: &Path) -> Result<PathBuf, TaskError> {
        let inside = |path: &Path| {
            let below = path.strip_prefix(directory).ok().and_then(Path::to_str);
            let below = below.ok_or_else(|| TaskError::build(format!("{} is not in the source", path.display())));
            below.map(|below| format!("{HOME}/sources/{below}").trim_end_matches('/').to_owned())
        };
        let (spec, sources) = (inside(spec)?, inside(sources)?);
        let sandbox = self.sandbox.clone().bind(directory, &format!("{HOME}/sources"), false);
        let define = format!("_sourcedir {sources}");
        let argv = ["rpmbuild", "-bs", "--nodeps", "--target", "noarch", "--define", &define, "--", &spec];
        let status = self.run(sandbox.command(&argv)?).await?;
        self.require_success(status, "error building srpm", "rpmbuild")?;
        self.the_srpm()
    }

    async fn rebuild_srpm(&mut self, srpm: &Path) -> Result<PathBuf, TaskError> {
        self.make_srpm(srpm, "noarch", "error building srpm").await
    }

    async fn build_rpms(&mut self, srpm: &Path, arch: &str) -> Result<BuiltPackages, TaskError> {
        let failed = format!("error building package (arch {arch})");
        // what is required may depend on the arch, so it is read from a source rpm made for it
        let srpm = self.make_srpm(srpm, arch, &failed).await?;
        self.install_requirements(&PackageHeader::read_source(&srpm)?, &failed).await?;
        let inside = format!("{HOME}/build/SRPMS/{}", file_name(&srpm)?);
        let argv = ["rpmbuild", "--rebuild", "--nodeps", "--target", arch, "--", &inside];
        let status = self.run(self.sandbox.command(&argv)?).await?;
        self.require_success(status, &failed, "rpmbuild")?;
        Ok(BuiltPackages { srpm, rpms: self.made("RPMS")? })
    }
}

impl HostBuildroot {
    fn log(&self, name: &str) -> PathBuf {
        self.cx.workdir().join(name)
    }

    /// Writes a line to root.log.
    fn note(&self, text: &str) -> Result<(), TaskError> {
        use std::io::Write;
        let mut file = fs_err::OpenOptions::new().create(true).append(true).open(self.log("root.log"))?;
        Ok(file.write_all(format!("{text}\n").as_bytes())?)
    }

    async fn run(&self, command: LoggedCommand) -> Result<ExitStatus, TaskError> {
        let limit = self.cx.config().rpmbuild_timeout;
        match command.timeout(limit).run(&self.log("build.log")).await {
            Err(TaskError::Io(error)) if error.kind() == ErrorKind::TimedOut => {
                let seconds = limit.as_secs();
                Err(TaskError::build(format!("the build took longer than {seconds} seconds (rpmbuild_timeout)")))
            }
            other => other,
        }
    }

    /// Says what failed unless the program did well: `error building package (arch x86_64), rpmbuild exited with status 1;
    /// see ...`.
    fn require_success(&self, status: ExitStatus, what: &str, program: &str) -> Result<(), TaskError> {
        if status.success() {
            return Ok(());
        }
        let workdir = &self.cx.config().workdir;
        let full = statvfs(workdir).is_ok_and(|fs| fs.blocks_available() * fs.fragment_size() < 1 << 20);
        let full = if full { format!(" ({} is full)", workdir.display()) } else { String::new() };
        let status = describe(program, status);
        Err(TaskError::build(format!("{what}, {status}{full}; see build.log for more information")))
    }

    async fn make_srpm(&mut self, srpm: &Path, arch: &str, failed: &str) -> Result<PathBuf, TaskError> {
        let inside = format!("{HOME}/{}", file_name(srpm)?);
        let sandbox = self.sandbox.clone().bind(srpm, &inside, false);
        let check = sandbox.command(&["rpmkeys", "--checksig", "--nosignature", "--", &inside])?;
        if !self.run(check).await?.success() {
            let name = file_name(srpm)?;
            return Err(TaskError::build(format!("{failed}: {name} is damaged; see build.log for more information")));
        }
        let argv = ["rpmbuild", "-rs", "--nodeps", "--target", arch, "--", &inside];
        let status = self.run(sandbox.command(&argv)?).await?;
        self.require_success(status, failed, "rpmbuild")?;
        self.the_srpm()
    }

    fn the_srpm(&self) -> Result<PathBuf, TaskError> {
        match &mut self.made("SRPMS")?[..] {
            [srpm] => Ok(std::mem::take(srpm)),
            [] => Err(TaskError::build("No srpms found")),
            several => Err(TaskError::build(format!("Multiple srpms found: {several:?}"))),
        }
    }

    /// The RPMs in a directory of the build.
    fn made(&self, directory: &str) -> Result<Vec<PathBuf>, TaskError> {
        let mut found = Vec::new();
        for entry in fs_err::read_dir(self.sandbox.home().join("build").join(directory))? {
            let entry = entry?;
            // a link could lead anywhere
            if entry.file_type()?.is_file() && entry.path().extension().is_some_and(|extension| extension == "rpm") {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }

    async fn install_requirements(&mut self, srpm: &PackageHeader, failed: &str) -> Result<(), TaskError> {
        let repo = RepoPackages::load(&self.cx, &arch_repo(&self.plan.repo, &self.plan.arch)).await?;
        let host = HostTools::inspect().await?;
        let solution = solve(&srpm.requires, &repo, &host);
        for (by, missing) in &solution.missing {
            self.note(&format!("No matching package to install: '{missing}', required by {by}"))?;
        }
        if !solution.missing.is_empty() {
            let names: BTreeSet<&str> = solution.missing.iter().map(|(_, name)| name.as_str()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let repo = format!("repo {} of {}", self.plan.repo.id, self.plan.tag.name);
            return Err(TaskError::build(format!(
                "{failed}: neither {repo} nor the host provides these BuildRequires: {names}; \
                 see root.log for more information"
            )));
        }
        for index in solution.packages {
            let Some(package) = repo.packages.get(index) else { continue };
            if !self.laid_over.insert(package.location.clone()) {
                continue;
            }
            let file = repo.fetch(&self.cx, package).await?;
            let header = PackageHeader::read(&file)?;
            self.note(&format!("installing {}", header.nvra))?;
            self.unpack(&file).await?;
            self.packages.push(header.listed());
        }
        self.use_laid_over();
        Ok(())
    }

    async fn unpack(&self, rpm: &Path) -> Result<(), TaskError> {
        let over = self.over();
        fs_err::create_dir_all(&over)?;
        // a package may hold anything, so it is unpacked where that can do no harm
        let sandbox = Sandbox::new(&self.cx.workdir().join("unpack"))?.bind(rpm, "/package.rpm", false);
        let sandbox = sandbox.bind(&over, "/over", true);
        let command = sandbox.command(&["/bin/bash", "-c", UNPACK, "unpack", "/package.rpm", "/over"])?;
        let status = command.run(&self.log("root.log")).await?;
        if status.success() {
            return Ok(());
        }
        let name = file_name(rpm)?;
        let status = describe("rpm2cpio", status);
        Err(TaskError::buildroot(format!("could not install {name}, {status}; see root.log for more information")))
    }

    /// Lets programs find what is laid over the host's files where the host itself would not look.
    fn use_laid_over(&mut self) {
        let over = self.over();
        if !over.is_dir() {
            return;
        }
        self.sandbox.lay_over(over.clone());
        let sandbox = self.sandbox.clone();
        let mut sandbox =
            sandbox.env("PKG_CONFIG_PATH", "/usr/lib64/pkgconfig:/usr/lib/pkgconfig:/usr/share/pkgconfig");
        if over.join("usr/lib64").is_dir() {
            sandbox = sandbox.env("LD_LIBRARY_PATH", "/usr/lib64");
        }
        self.sandbox = sandbox;
    }

    fn over(&self) -> PathBuf {
        self.cx.workdir().join("over")
    }
}
