//! `cargo xtask demo`: from nothing to a package that dnf installs.

use std::io::IsTerminal;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::{cargo, output, run, tools, top};

/// The running hub and builder; they end with it.
struct Standalone(Child);

impl Drop for Standalone {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

struct Demo {
    dir: PathBuf,
    bin: PathBuf,
    url: String,
}

/// Says what comes next.
fn step(text: &str) {
    println!("\n==> {text}");
}

fn build_packages(demo: &Demo) -> anyhow::Result<()> {
    let packages = top().join("examples/packages");

    step("tags, a target, and the packages they may hold");
    let arch = std::env::consts::ARCH;
    demo.koji(&["add-tag", "demo", "--arches", arch])?;
    demo.koji(&["add-tag", "demo-build", "--parent", "demo", "--arches", arch, "-x", "rpm.macro.dist=.demo"])?;
    demo.koji(&["add-target", "demo", "demo-build", "demo"])?;
    demo.koji(&["add-pkg", "--owner", "admin", "demo", "greet", "greet-poem"])?;

    step("greet, a C program with a library, from a source package");
    let srpm = demo.source_package(&packages.join("greet"))?;
    demo.koji(&["build", "--wait", "demo", path(&srpm)?])?;

    step("greet-poem, which needs greet to be built, from a git repository");
    let source = demo.git_repository(&packages.join("greet-poem"))?;
    demo.koji(&["build", "--wait", "--wait-build", "greet-1.0-1.demo", "demo", &source])?;

    step("a release: a tag of its own, and a repository of it");
    demo.koji(&["add-tag", "demo-release", "--arches", arch])?;
    demo.koji(&["add-pkg", "--owner", "admin", "demo-release", "greet", "greet-poem"])?;
    demo.koji(&["tag-build", "--wait", "demo-release", "greet-1.0-1.demo", "greet-poem-1.0-1.demo"])?;
    demo.koji(&["regen-repo", "--wait", "demo-release"])?;
    demo.koji(&["list-tagged", "demo-release"])?;

    step("what dnf sees in it, and installs into an empty root");
    let repo = format!("{}/kojifiles/repos/demo-release/latest/{arch}", demo.url);
    demo.dnf(&repo)
}

pub fn demo() -> anyhow::Result<()> {
    tools::install(&[tools::BUILD])?;
    step("building the programs");
    run(cargo().args(["build", "--package", "koji-standalone", "--package", "koji"]))?;
    let dir = top().join("var/demo");
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let demo = Demo { bin: bin_folder(), url: format!("http://127.0.0.1:{port}"), dir };

    step("starting hub, builder and repository upkeep in one process");
    let mut standalone = demo.start(port)?;
    demo.wait_until_ready(&mut standalone)?;
    build_packages(&demo)?;
    demo.farewell();
    if std::io::stdin().is_terminal() {
        println!("\nThe hub keeps running until you press Ctrl-C.");
        standalone.0.wait()?;
    }
    Ok(())
}

/// Where cargo puts the programs: beside this one.
fn bin_folder() -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_owned))
        .unwrap_or_else(|| top().join("target/debug"))
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the project's path is not UTF-8")
}

impl Demo {
    fn start(&self, port: u16) -> anyhow::Result<Standalone> {
        let log = self.dir.join("standalone.log");
        let out = std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(self.bin.join("koji-standalone"))
            .args(["--data", path(&self.dir)?, "--listen", &format!("127.0.0.1:{port}")])
            .args(["--allowed-scms", &format!(":{}/git/*:no:", self.dir.display())])
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .context("cannot start koji-standalone")?;
        println!("log: {}", log.display());
        Ok(Standalone(child))
    }

    fn wait_until_ready(&self, standalone: &mut Standalone) -> anyhow::Result<()> {
        let config = self.dir.join("koji.conf");
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(60) {
            if let Some(status) = standalone.0.try_wait()? {
                let log = std::fs::read_to_string(self.dir.join("standalone.log")).unwrap_or_default();
                bail!("koji-standalone ended: {status}\n{log}");
            }
            if config.exists()
                && output(&mut self.client(&["list-hosts", "--quiet"])).is_ok_and(|hosts| !hosts.is_empty())
            {
                println!("ready after {:.1} s", begin.elapsed().as_secs_f64());
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("koji-standalone was not ready within a minute; see {}", self.dir.join("standalone.log").display())
    }

    fn client(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.bin.join("koji"));
        command.arg("-c").arg(self.dir.join("koji.conf")).args(args);
        command
    }

    /// Runs the client, and shows the command.
    fn koji(&self, args: &[&str]) -> anyhow::Result<()> {
        println!("$ koji {}", args.join(" "));
        run(&mut self.client(args))
    }

    /// A source package of a folder with a spec file and a folder of sources.
    fn source_package(&self, package: &Path) -> anyhow::Result<PathBuf> {
        let work = self.dir.join("srpm");
        std::fs::create_dir_all(&work)?;
        let tar = work.join("greet-1.0.tar.gz");
        run(Command::new("tar").arg("-czf").arg(&tar).arg("-C").arg(package).arg("greet-1.0"))?;
        let define = |name: &str| format!("{name} {}", work.display());
        let said = output(
            Command::new("rpmbuild")
                .args(["-bs", "--nodeps"])
                .args([
                    "--define",
                    &define("_topdir"),
                    "--define",
                    &define("_sourcedir"),
                    "--define",
                    &define("_srcrpmdir"),
                ])
                .arg(package.join("greet.spec"))
                .env("HOME", &work),
        )?;
        let wrote = said.lines().find_map(|l| l.strip_prefix("Wrote: ")).context("rpmbuild wrote no source package")?;
        println!("{wrote}");
        Ok(wrote.into())
    }

    /// A git repository with a copy of a folder: its URL, with the commit.
    fn git_repository(&self, package: &Path) -> anyhow::Result<String> {
        let repo = self.dir.join("git/greet-poem");
        std::fs::create_dir_all(&repo)?;
        for file in std::fs::read_dir(package)? {
            let file = file?;
            std::fs::copy(file.path(), repo.join(file.file_name()))?;
        }
        let git = |args: &[&str]| {
            let who = ["-c", "user.name=Demo", "-c", "user.email=demo@example.com", "-c", "init.defaultBranch=main"];
            output(Command::new("git").arg("-C").arg(&repo).args(who).args(args))
        };
        git(&["init", "--quiet"])?;
        git(&["add", "."])?;
        git(&["commit", "--quiet", "--message", "greet-poem 1.0"])?;
        let commit = git(&["rev-parse", "HEAD"])?;
        Ok(format!("git+file://{}#{commit}", repo.display()))
    }

    /// Lets dnf list the repository, and install from it into a folder.
    fn dnf(&self, repo: &str) -> anyhow::Result<()> {
        let dnf = |args: &[&str]| {
            let mut command = Command::new("dnf");
            command
                .args(["--quiet", "--assumeyes", "--nogpgcheck", "--releasever=1", "--disableplugin=*"])
                .args(["--setopt=reposdir=/dev/null", &format!("--setopt=cachedir={}/dnf", self.dir.display())])
                .arg(format!("--installroot={}/root", self.dir.display()))
                .arg(format!("--repofrompath=demo,{repo}"))
                .args(["--repo=demo"])
                .args(args);
            command
        };
        println!("$ dnf list --available");
        run(&mut dnf(&["list", "--available"]))?;
        println!("$ dnf install greet-poem");
        run(&mut dnf(&["install", "greet-poem"]))?;
        let poem = self.dir.join("root/usr/share/greet-poem/poem.txt");
        print!("{}", std::fs::read_to_string(&poem).with_context(|| format!("{} was not installed", poem.display()))?);
        Ok(())
    }

    fn farewell(&self) {
        let dir = self.dir.display();
        let bin = self.bin.display();
        println!(
            "\n==> done\n\nRPMs:     {dir}/koji/packages\nHub:      {url}/kojihub\nFiles:    {url}/kojifiles\n\n\
             To try next{again}:\n\n    \
             {bin}/koji -c {dir}/koji.conf buildinfo greet-poem-1.0-1.demo\n    \
             {bin}/koji -c {dir}/koji.conf list-tasks --all\n    \
             {bin}/koji -c {dir}/koji.conf download-build greet-1.0-1.demo",
            url = self.url,
            again = if std::io::stdin().is_terminal() {
                String::new()
            } else {
                format!(", after starting it again with `{bin}/koji-standalone --data {dir}`")
            },
        );
    }
}
