// SPDX-License-Identifier: Apache-2.0
//! What computations leave on the stack. Secrets lie on the heap and are wiped there; ciphers and digests work with copies in
//! local variables, which stay behind when their functions return, until something else is written over them. This writes
//! something else over them.

use std::hint::black_box;

/// Bytes below the caller's own frame that are written over: more than any computation here takes.
const REACH: usize = 192 * 1024;

/// Writes zeroes over what functions that have returned left on the stack of this thread.
#[inline(never)]
#[allow(clippy::large_stack_arrays)] // that is what it is for
pub fn wipe_stack() {
    // Its frame lies where theirs were. Looked at by somebody unknown, the zeroes must really be written.
    let mut over = [0u8; REACH];
    black_box(&mut over);
}

/// Wipes the stack when it is dropped: on the way of an error and of a panic, too.
#[derive(Debug)]
#[must_use = "the stack is wiped when this is dropped"]
pub struct WipedStack;

impl Drop for WipedStack {
    fn drop(&mut self) {
        wipe_stack();
    }
}
