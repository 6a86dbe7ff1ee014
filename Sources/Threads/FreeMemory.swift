internal import CPlatform

/// Makes the process keep the memory that it frees, until ``returnFreeMemory()``.
///
/// Whoever allocates a hundred kilobytes for each layer of each batch would else, by glibc's defaults, give them back
/// and get fresh pages every time: that takes as long as U-centring does. For a whole process, and best before it has
/// threads.
public func keepFreeMemory() {
    platform_keep_free_memory()
}

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
