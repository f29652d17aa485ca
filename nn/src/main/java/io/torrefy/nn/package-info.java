/// Modules, losses, optimisers, schedules and checkpoint files.
package io.torrefy.nn;
