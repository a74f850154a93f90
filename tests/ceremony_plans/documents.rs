// SPDX-License-Identifier: Apache-2.0
//! The format page and the shipped plans.
