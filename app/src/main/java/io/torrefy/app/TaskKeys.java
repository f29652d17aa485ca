package io.torrefy.app;

import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.recipe.Key;
import io.torrefy.posttrain.recipe.Recipe;
import io.torrefy.posttrain.recipe.RecipeSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The keys that say where problems come from.
final class TaskKeys {
    private final Key<String> task;
    private final Key<List<Path>> data;
    private final Key<String> question;
    private final Key<String> answer;

    TaskKeys(RecipeSchema schema) {
        task = schema.text(
                "task", "countdown", "where problems come from, unless from data: the exported name of a task");
        data = schema.paths("data", "files of questions and answers, in place of a task");
        question = schema.text("question", "", "field of data with the question; empty: found");
        answer = schema.text("answer", "", "field of data with the answer; empty: found");
    }

    /// The task.
    ///
    /// @throws IOException if a file cannot be read
    Task load(Recipe recipe, CommonOptions common) throws IOException {
        List<Path> files = recipe.get(data);
        boolean fields = !recipe.get(question).isEmpty() || !recipe.get(answer).isEmpty();
        if (files.isEmpty()) {
            if (fields) {
                throw common.bad("question and answer: expected data beside them; got none");
            }
            return new Named(common, "task", "posttrain.tasks.").make(recipe.get(task), Task.class, Map.of());
        }
        if (recipe.get(question).isEmpty() != recipe.get(answer).isEmpty()) {
            throw common.bad("question and answer: expected both or neither; got one of them");
        }
        QaFile.Options options = QaFile.Options.DEFAULT;
        return QaFile.load(
                DataFiles.expand(files), fields ? options.fields(recipe.get(question), recipe.get(answer)) : options);
    }

    /// What a resumed run has to share: the recipe, and what the files hold.
    static Map<String, Object> configuration(Recipe recipe, Task task) {
        Map<String, Object> config = new LinkedHashMap<>(recipe.toMap());
        if (task instanceof QaFile questions) {
            config.put("data_fingerprint", questions.fingerprint());
        }
        return config;
    }
}
