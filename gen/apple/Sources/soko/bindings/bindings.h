#pragma once

// Written by Tauri's macro around the program's entry point.
namespace ffi {
extern "C" {
void start_app();
}
}
