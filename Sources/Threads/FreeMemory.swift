internal import CPlatform

/// Has the process keep the memory that it frees, for what it allocates next, until ``returnFreeMemory()``.
///
/// glibc by itself gives the end of a heap back as soon as a few hundred kilobytes of it are free, and blocks of 32 MB
/// and more at once; and it gives every thread a heap of its own, whose end nobody else can give back. A daemon frees a
/// batch to receive the next one, and touching fresh pages takes longer than receiving bytes into them. So there is one
/// heap, from which messages, which one thread allocates and another frees, come like everything else. What that costs
/// is a lock that threads share where they allocate more than a kilobyte.
///
/// For the whole process: to be called before there is a second thread, which might have got a heap already.
public func keepFreeMemory() {
    platform_keep_free_memory()
}

/// Gives memory that the process has freed back to the system.
///
/// - Complexity: O(pages that are free): some 50 ms for each gigabyte, during which other threads may wait to allocate.
public func returnFreeMemory() {
    platform_return_free_memory()
}
