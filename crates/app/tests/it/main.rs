//! Tests of the binary as its users meet it: one test program, a module each face.

mod cli;
mod http;
