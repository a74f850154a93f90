// SPDX-License-Identifier: Apache-2.0
//! Sites as folders.
