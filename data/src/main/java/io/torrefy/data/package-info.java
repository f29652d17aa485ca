/// Records, event files and datasets: bytes on disk to values in memory.
package io.torrefy.data;
