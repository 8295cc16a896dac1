//! Builds in tags: what is there, and how it gets there.

mod archives;
mod change;
mod read;

pub(crate) use archives::{archives, latest_maven};
pub(crate) use change::{
    assert_complete, check_package, note_update, put_into_tag, tag_build, take_out_of_tag, untag_build,
};
pub(crate) use read::{Contents, builds, find, rpms, rpms_for_repo};
