//! `build`.

use koji_core::api::tags::GetTag;
use koji_core::api::targets::GetBuildTarget;
use koji_core::api::tasks::Build;
use koji_core::ids::RepoId;
use koji_core::task::BuildOpts;
use koji_core::xmlrpc::{Struct, Value, to_value};
use rand::distr::{Alphabetic, SampleString};

use super::event::int32;
use super::tags::arch_text;
use super::value;
use super::watch::{Quiet, watch, watched};
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::{Opt, Parsed, Parser};
use crate::output::in_background;
use crate::output::progress::UploadBar;
use crate::say;

/// How much later a build with `--background` runs.
const BACKGROUND_PRIORITY: i32 = 5;

const USAGE: &str = "build [options] <target> <srpm path or scm url>

The first option is the build target, not to be confused with the destination
tag (where the build eventually lands) or build tag (where the buildroot
contents are pulled from).

You can list all available build targets using the '%prog list-targets' command.
More detail can be found in the documentation.
https://docs.pagure.org/koji/HOWTO/#package-organization";

struct Options {
    skip_tag: Opt<bool>,
    scratch: Opt<bool>,
    rebuild_srpm: Opt<Option<bool>>,
    wait: Opt<Option<bool>>,
    wait_repo: Opt<bool>,
    wait_builds: Opt<Vec<String>>,
    quiet: Opt<bool>,
    arch_override: Opt<Option<String>>,
    fail_fast: Opt<bool>,
    repo_id: Opt<Option<i64>>,
    noprogress: Opt<bool>,
    background: Opt<bool>,
    metadata: Opt<Option<String>>,
    draft: Opt<bool>,
}

impl Options {
    fn declare(p: &mut Parser) -> Self {
        Self {
            skip_tag: p.flag(&["--skip-tag"], "Do not attempt to tag package"),
            scratch: p.flag(&["--scratch"], "Perform a scratch build"),
            rebuild_srpm: p.choice(
                &["--rebuild-srpm"],
                "Force rebuilding SRPM for scratch build only",
                &["--no-rebuild-srpm"],
                "Force not to rebuild srpm for scratch build only",
            ),
            wait: p.choice(
                &["--wait"],
                "Wait on the build, even if running in the background",
                &["--nowait"],
                "Don't wait on build",
            ),
            wait_repo: p.flag(&["--wait-repo"], "Wait for a current repo for the build tag"),
            wait_builds: p.list(&["--wait-build"], "NVR", "Wait for the given nvr to appear in buildroot repo"),
            quiet: p.flag(&["--quiet"], "Do not print the task information"),
            arch_override: p.text(&["--arch-override"], "", "Override build arches"),
            fail_fast: p.flag(&["--fail-fast"], "Override build_arch_can_fail settings and fail as fast as possible"),
            repo_id: p.int(&["--repo-id"], "", "Use a specific repo"),
            noprogress: p.flag(&["--noprogress"], "Do not display progress of the upload"),
            background: p.flag(&["--background"], "Run the build at a lower priority"),
            metadata: p.text(
                &["--custom-user-metadata"],
                "",
                "Provide a JSON string of custom metadata to be deserialized and stored under the build's \
                 extra.custom_user_metadata field",
            ),
            draft: p.flag(&["--draft"], "Build draft build instead"),
        }
    }

    /// The options of the task.
    fn read(&self, o: &Parsed) -> Result<BuildOpts, Stop> {
        let scratch = o.get(self.scratch);
        let rebuild_srpm = o.get(self.rebuild_srpm);
        if rebuild_srpm.is_some() && !scratch {
            return Err(o.error("--no-/rebuild-srpm is only allowed for --scratch builds"));
        }
        if o.get(self.arch_override).is_some_and(|arches| !arches.is_empty()) && !scratch {
            return Err(o.error("--arch_override is only allowed for --scratch builds"));
        }
        if scratch && o.get(self.draft) {
            return Err(o.error("--scratch and --draft cannot be both specfied"));
        }
        let metadata = match o.get(self.metadata).filter(|text| !text.is_empty()).as_deref().map(value::json) {
            None => Struct::new(),
            Some(Some(Value::Struct(metadata))) => metadata,
            Some(Some(_)) => return Err(o.error("--custom-user-metadata must be a JSON object")),
            Some(None) => return Err(o.error("--custom-user-metadata is not valid JSON")),
        };
        Ok(BuildOpts {
            skip_tag: o.get(self.skip_tag),
            scratch,
            repo_id: o.get(self.repo_id).map(int32).transpose()?.map(RepoId),
            arch_override: arch_text(o.get(self.arch_override))?,
            fail_fast: o.get(self.fail_fast),
            wait_repo: o.get(self.wait_repo),
            wait_builds: Some(o.get(self.wait_builds)),
            rebuild_srpm,
            draft: o.get(self.draft),
            custom_user_metadata: Some(metadata),
        })
    }
}

/// `koji build`
pub async fn build(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(USAGE);
    let options = Options::declare(&mut p);
    let (o, args) = p.parse(args)?;
    let [target, source] = args.as_slice() else {
        return Err(o.error("Exactly two arguments (a build target and a SCM URL or srpm file) are required"));
    };
    let mut opts = options.read(&o)?;
    cx.activate().await?;
    let target = if target.eq_ignore_ascii_case("none") && opts.repo_id.is_some() {
        opts.skip_tag = true;
        None
    } else {
        check_target(&cx, &o, target, opts.scratch).await?;
        Some(target.as_str())
    };
    let quiet = cx.quiet || o.get(options.quiet);
    let source = if source.contains("://") {
        source.clone()
    } else {
        upload(&cx, source, quiet, o.get(options.noprogress)).await?
    };
    let opts = to_value(&opts).map_err(|e| Stop::generic(e.to_string()))?;
    let mut request = Build::new(source, target.map(str::to_owned));
    request.opts = opts.as_struct().cloned();
    request.priority = o.get(options.background).then_some(BACKGROUND_PRIORITY);
    let id = cx.session.call(request).await?;
    if !quiet {
        say!("Created task: {id}");
        say!("Task info: {}/taskinfo?taskID={id}", cx.profile.weburl);
    }
    if watched(o.get(options.wait)) { watch(&cx, &[id], Quiet(quiet)).await } else { Ok(0) }
}

async fn check_target(cx: &Context, o: &Parsed, name: &str, scratch: bool) -> Result<(), Stop> {
    let target = cx.session.call(GetBuildTarget::new(name)).await?;
    let target = target.ok_or_else(|| o.error(format_args!("No such build target: {name}")))?;
    let tag = cx.session.call(GetTag::new(target.dest_tag)).await?;
    let tag = tag.ok_or_else(|| o.error(format_args!("No such destination tag: {}", target.dest_tag_name)))?;
    if tag.locked && !scratch {
        return Err(o.error(format_args!("Destination tag {} is locked", tag.name)));
    }
    Ok(())
}

/// Sends a source rpm to a folder of its own: its path there.
async fn upload(cx: &Context, source: &str, quiet: bool, noprogress: bool) -> Result<String, Stop> {
    if !quiet {
        say!("Uploading srpm: {source}");
    }
    let folder = unique_folder("cli-build");
    let mut upload = cx.session.upload(source, &folder);
    if !(in_background() || noprogress || quiet) {
        let mut bar = UploadBar::new();
        upload = upload.progress(move |progress| bar.show(progress));
    }
    upload.send().await?;
    say!("");
    let name = source.rsplit('/').next().unwrap_or(source);
    Ok(format!("{folder}/{name}"))
}

/// A folder that nobody else uses: below the prefix, the time and some letters.
fn unique_folder(prefix: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let letters = Alphabetic.sample_string(&mut rand::rng(), 8);
    format!("{prefix}/{}.{:06}.{letters}", now.as_secs(), now.subsec_micros())
}
