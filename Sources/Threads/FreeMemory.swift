internal import CPlatform

/// Gives memory that the process has freed back to the system.
///
/// glibc keeps freed blocks of up to 32 MB in the arenas of the threads that allocated them. That is right while messages
/// stream, since touching fresh pages takes longer than receiving bytes into them; it is wrong for what a burst has left
/// behind.
///
/// - Complexity: O(pages that are free): some 50 ms for each gigabyte, during which other threads may wait to allocate.
public func returnFreeMemory() {
    platform_return_free_memory()
}
