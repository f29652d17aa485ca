package io.torrefy.app;

import io.torrefy.lm.ChatTemplate;
import io.torrefy.posttrain.QaFile;
import io.torrefy.posttrain.Task;
import io.torrefy.posttrain.formats.Prompts;
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
    private static final String DATA = "data";

    private final Key<String> task;
    private final Key<List<Path>> data;
    private final Key<String> question;
    private final Key<String> answer;
    private final Key<String> template;

    TaskKeys(RecipeSchema schema) {
        task = schema.text(
                "task", "countdown", "where problems come from, unless from data: the exported name of a task");
        data = schema.paths(
                DATA,
                "files in place of a task, JSON Lines or Parquet among others: of questions and answers; or of prompts,"
                        + " each a text that is continued as it stands or messages, maybe with answers");
        question = schema.text("question", "", "field of data with the question; empty: found");
        answer = schema.text("answer", "", "field of data with the answer; empty: found");
        template = schema.text(
                "prompt_template", "", "what a question of data stands in, at {question}; empty: the words of R1-Zero");
    }

    /// The task.
    ///
    /// @param model whose chat template conversations go through
    /// @throws IOException if a file cannot be read
    Task load(Recipe recipe, CommonOptions common, Path model) throws IOException {
        boolean fields = !recipe.get(question).isEmpty() || !recipe.get(answer).isEmpty();
        boolean asked = !recipe.get(template).isEmpty();
        if (recipe.get(data).isEmpty()) {
            if (fields) {
                throw common.bad("question and answer: expected data beside them; got none");
            }
            if (asked) {
                throw common.bad("prompt_template: expected data beside it; got none");
            }
            return new Named(common, "task", "posttrain.tasks.").make(recipe.get(task), Task.class, Map.of());
        }
        if (recipe.get(question).isEmpty() != recipe.get(answer).isEmpty()) {
            throw common.bad("question and answer: expected both or neither; got one of them");
        }
        List<Path> files = DataFiles.expand(recipe.get(data));
        if (!fields && Prompts.areIn(files)) {
            if (asked) {
                throw common.bad(
                        "prompt_template: expected questions with answers to put into it; got prompts, which are"
                                + " continued as they stand");
            }
            return split(Prompts.load(files, ChatTemplate.load(model), QaFile.Options.DEFAULT.heldOutFraction()));
        }
        QaFile.Options options = asked ? QaFile.Options.DEFAULT.template(recipe.get(template)) : QaFile.Options.DEFAULT;
        return split(QaFile.load(files, fields ? options.fields(recipe.get(question), recipe.get(answer)) : options));
    }

    /// Refuses files that leave nothing to train on or nothing to measure on.
    private static QaFile split(QaFile all) {
        int held = all.heldOut(Integer.MAX_VALUE).size();
        if (held == 0 || all.trainingSize() == 0) {
            throw new IllegalArgumentException(
                    DATA + ": expected records to train on and, by a hash a tenth, to measure on; got "
                            + all.trainingSize() + " and " + held + ". Hint: it takes some dozens of records.");
        }
        return all;
    }

    /// Refuses a task without answers, where a verifier decides.
    ///
    /// @param why what needs them
    static Task verified(Task task, String why) {
        if (!task.verifies()) {
            throw new IllegalArgumentException(DATA + ": expected answers, as " + why + "; got prompts alone in "
                    + task.name() + ". Hint: a column answer or solution gives them.");
        }
        return task;
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
