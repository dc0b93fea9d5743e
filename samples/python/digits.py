# The Python program on the first page of the README.
import lemnos as lm

digits = lm.data.digits()  # or lm.data.mnist("FOLDER")
model = lm.nn.sequential([lm.nn.Flatten(), lm.nn.Linear(128), lm.nn.Relu(), lm.nn.Dropout(0.2), lm.nn.Linear(10)])
trainer = lm.Trainer(lm.Device.best(), model, loss=lm.loss.CrossEntropy(), optimizer=lm.optim.Adam(lr=1e-3))
history = trainer.fit(digits.train, epochs=5, batch_size=128, validation=digits.test)
print(f"{100 * history.last('val_accuracy'):.1f} % of the test digits are right")
trainer.save("digits.safetensors")
