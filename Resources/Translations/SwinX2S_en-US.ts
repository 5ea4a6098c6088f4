<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US" sourcelanguage="en_US">
    <context>
        <name>Batch</name>
        <message>
            <source>Batch</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Radiographs:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a table or a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Table...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a CSV table with the columns case, ap, lateral and, optionally, spacing_mm and others.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a folder with sub-folders of two radiographs each, with files named NAME_ap and NAME_lateral, or with DICOM files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Results:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Output folder: a new or empty folder, or the folder of an interrupted batch to resume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixel size:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixel size at the patient for radiographs without a value in the table [mm].</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>from header</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> mm</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Model:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Model used for the reconstruction. The device is set in the section Reconstruct.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>also measure every case</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure the bones of every case and collect all values in one table.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check radiographs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Read all radiographs and report pairs and problems, without reconstruction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Start</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct all unfinished pairs in the background.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Stop. Finished cases are kept; Start resumes the batch.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the batch</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Number of finished pairs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cases of the batch</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Status of each pair. Double-click a finished pair to load its result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show case</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load the result of the selected case into the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open table</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open the table of all cases (batch.csv).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Compare</name>
        <message>
            <source>Compare with CT</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruction:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a reconstruction)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The reconstruction to compare. It is not moved.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a CT segmentation)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation or label map of a CT of the same patient, in the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a label file instead (NIfTI, NRRD, .seg.nrrd). It is not loaded into the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Clear</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Clear the file and use the segmentation selected above.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Labels:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Label numbering of the CT. Segments are identified by name and terminology.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Map...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a custom label map (JSON or CSV: value or name, SwinX2S label).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Alignment:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>How the reconstruction is aligned with the CT before the comparison. Radiographs carry no patient position.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>also compare measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure both segmentations and compare the values.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Run the comparison in the background.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel the comparison. Nothing is changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the comparison</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Coloured surfaces</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the aligned reconstruction, coloured by its distance from the CT, instead of the original one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the CT bones, transparent. Missed bones are always shown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Colours:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Quantity shown by the surface colours.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show a table with the scores of every bone.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Averages</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show a table with the average scores by region.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show a table with the measurements of both.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Chart</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Chart to show</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the selected chart.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Report</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open the report in the web browser.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save report, tables and data to a new folder.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Inputs</name>
        <message>
            <source>Inputs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Frontal radiograph:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a volume, or drop a file here)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Frontal radiograph (AP or PA). Drop files, folders or items of the Data module here.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Lateral radiograph:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Lateral radiograph of the same patient. Drop files, folders or items of the Data module here.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Only a frontal radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct the frontal radiograph alone. It does not show depths: bones are less certain along the rays, and measurements that depend on depths are absent.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>a pixel size of exactly 1 mm is correct</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Slicer assumes 1 mm for files without a pixel size, which is rarely correct for radiographs. Check this box only if 1 mm is correct.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Convert to gray</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Create a grayscale copy of each selected colour image and select the copy. The original image is not changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load radiographs…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load one or two radiographs from files (DICOM, PNG, JPEG, TIFF, NRRD, NIfTI). The frontal view is detected automatically.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>DICOM database…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Select radiographs from Slicer's DICOM database (CR, DX, RG, RF, XA), or open the DICOM browser to import files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap the frontal and the lateral radiograph, including their settings.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show radiographs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show both radiographs side by side in their patient planes, next to the 3D view.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Settings of each radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Frontal</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Projection (AP or PA):</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Direction of the X-ray beam. AP and PA radiographs have the same display orientation; the magnification of the bones differs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Image:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⟲</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rotate the frontal radiograph by 90 degrees counterclockwise.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⟳</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rotate the frontal radiograph by 90 degrees clockwise.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⇆</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the frontal radiograph left-right. The patient's right must be on the left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>⇅</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the frontal radiograph up-down. The head must be up.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>◐</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Invert the gray levels of the frontal radiograph. Bone must be bright.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Crop</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Move the edges of a rectangle on the frontal radiograph, then click Apply. A rectangle around the whole radiograph removes the crop.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset rotation, flip, crop and inversion of the frontal radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixel size:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>from header</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> mm</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixel size at the patient in millimetres. The lowest value uses the pixel size from the header; the line above shows it with its source.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Marker length:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Length of the marker on the frontal radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>True length of the marker in millimetres (calibration ball, ruler).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Calibrate…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Drag a line over a marker of known length on the frontal radiograph, then click Apply to set the pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Advanced</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Magnification:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> ×</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Geometric magnification at the detector: source-to-detector distance divided by source-to-patient distance, usually 1.05 to 1.3. The detector pixel size is divided by it. Not used if the pixel size is set manually.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Source-to-detector distance (SID):</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the focal spot to the detector for the frontal radiograph, in millimetres (often 1000 to 2000). Together with the source-to-patient distance it defines the magnification and the position of radiograph and outlines in 3D.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Source-to-patient distance:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the focal spot to the centre of the patient for the frontal radiograph, in millimetres.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>use orientation in header</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reorient the frontal radiograph using its header. Clear this box if the header is wrong.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Lateral</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rotate the lateral radiograph by 90 degrees counterclockwise.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rotate the lateral radiograph by 90 degrees clockwise.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the lateral radiograph left-right. Anterior must be on the left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Flip the lateral radiograph up-down. The head must be up.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Invert the gray levels of the lateral radiograph. Bone must be bright.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Move the edges of a rectangle on the lateral radiograph, then click Apply. A rectangle around the whole radiograph removes the crop.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset rotation, flip, crop and inversion of the lateral radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Length of the marker on the lateral radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Drag a line over a marker of known length on the lateral radiograph, then click Apply to set the pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the focal spot to the detector for the lateral radiograph, in millimetres (often 1000 to 2000). Together with the source-to-patient distance it defines the magnification and the position of radiograph and outlines in 3D.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Distance from the focal spot to the centre of the patient for the lateral radiograph, in millimetres.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reorient the lateral radiograph using its header. Clear this box if the header is wrong.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Vertical alignment</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>align both radiographs vertically</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use this if the radiographs do not cover the same vertical range. Only the common range is used.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Vertical offset of the lateral radiograph:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Upward shift of the lateral radiograph relative to the frontal one, in millimetres at the patient. Negative values move it down.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Automatic</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Estimate the offset from the row profiles of both radiographs. A message is shown if the match is unreliable.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>By points</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Place the same two anatomical points on both radiographs (F1, F2 on the frontal, L1, L2 on the lateral one), for example the upper edges of two vertebrae; then click Apply.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Apply</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use the rectangle, the line or the points.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove the rectangle, the line or the points and leave the radiographs as they were (Esc).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Measurements</name>
        <message>
            <source>Measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(no segmentation)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation to measure: a result of this module, or any segmentation with bone names.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compute landmarks, axes and values of all bones in the background.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel the measurement. Nothing is changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>measure new results automatically</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure the bones of each reconstruction as soon as it is finished.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the measurement</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Click a value to show it on both radiographs and in 3D.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>AP diameter of the vertebral canal by level, C1 to L5. Orange: to be checked.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measurements to list</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>with a value</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>to check</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>edited</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Search</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Words of the names of bone and measurement</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Search measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Select a measurement to show its landmarks; drag them in any view to correct it. Select a bone or region to show all its landmarks.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Undo</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Undo the last correction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Redo</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Redo the correction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset to computed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset the landmarks of the selected measurements to the computed positions.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset all landmarks to the computed positions. Undo restores the corrections.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Copy table</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Copy the table to the clipboard, for a spreadsheet.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save CSV...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save the table as a CSV file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Report...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Write a report with figures (HTML and PDF). It shows corrected values and the review status.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Review</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name of the reviewer</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name of the person who reviewed the measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Sign as reviewed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Store name and date with the measurements. A later correction invalidates the signature.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Withdraw</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Withdraw the signature.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Models</name>
        <message>
            <source>Models and packages</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Models</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Models available on this machine. Select one for details.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Details of the selected model</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Details</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verify all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check size, SHA-256 and network of the files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Delete an imported model after confirmation. Bundled models cannot be deleted.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open folder</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open the folder with the imported models.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set the environment variable SWINX2S_CACHE to use another folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Import a model</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A .safetensors file written by SwinX2S, or a checkpoint (.pt, .pth, .safetensors) of the published Swin-X2S code. Files can be dropped here.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>drop a file here</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Select the file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name of the model: letters, digits, '-', '_' and '.'.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SHA-256:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Expected hash. A file with a different hash is rejected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as stated by the source (recommended)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Licence:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Licence stated by the source. It is shown with every result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as stated by the source</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Store in half precision</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Halves the file size; results hardly change.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Import</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the file and add it to the models. Code in checkpoints is never executed. Requires PyTorch.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Importing requires PyTorch, which is not installed. Install the packages below first.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Installed packages</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Version information for bug reports</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>&lt;span style='color: #b25000'&gt;A CPU-only version of PyTorch is installed, so the GPU is not used. Uninstall PyTorch in the PyTorch Utils module, restart Slicer, and install the GPU version.&lt;/span&gt;</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install missing packages...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Download and install the missing packages after confirmation: PyTorch with Slicer's PyTorch extension, the others with pip.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install from a folder...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Without internet access: install the missing packages from a folder of wheels.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of imports and installations</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel the running import, verification or installation.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log of imports and installations</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Output of the import, the verification or pip</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Reconstruct</name>
        <message>
            <source>Reconstruct</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Model:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Trained network to use</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Device:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Device to run the network on. Automatic uses a GPU if PyTorch finds one; the log shows the choice.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Also reconstruct CT (synthetic, not for diagnosis)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Device, free memory and expected duration</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct the bones in the background. Further runs are queued.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel the running reconstruction and delete its files. Queued runs continue.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Queued reconstructions</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the run</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Progress of the reconstruction</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Log of the run</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Output of the worker process (last 256 KiB)</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>Result</name>
        <message>
            <source>Result</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Result:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(no result)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Result to show: a segmentation created by this module.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open folder...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load a result folder written by swinx2s reconstruct.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Spine</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the vertebrae (same as the visibility icons in the Data module).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Ribs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the ribs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pelvis</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the hip bones and the sacrum.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Femora</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the femora.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Colours:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>by confidence</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Colour the surfaces by the confidence of the network and show a legend.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset 3D view</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reset the 3D views to show bones and radiographs from the front.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Radiographs in 3D:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>frontal</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the frontal radiograph behind the patient (in front, for a PA radiograph).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>lateral</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the lateral radiograph at the patient’s left.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Outlines on:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>frontal radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw the projected outlines of the bones on the frontal radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>lateral radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Draw the projected outlines of the bones on the lateral radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>In slice views</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Show the frontal radiograph in the green slice view and the lateral radiograph in the yellow one, with the outlines. Click again to restore the views.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Radiograph opacity:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Opacity of the radiographs in the 3D view</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verdict for each bone and the whole</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones and confidence</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Click a bone to centre all views on it. The table in the scene has additional columns.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Details</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>STL</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>One file per bone; LPS, mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>OBJ</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>One file with colours; LPS, mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>glTF</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>One file with colours, for viewers and presentations; y up, m.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>NIfTI</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Label volume; RAS, mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>.seg.nrrd</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation of 3D Slicer.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>DICOM SEG</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Segmentation object with patient and study of the radiographs. Requires DICOM radiographs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export the current bones to a new folder. Output is atomic.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>SwinX2S</name>
        <message>
            <source>
The method is based on Liu et al., Swin-X2S: Reconstructing 3D Shape from 2D Biplanar X-ray with Swin
Transformers (2025).
</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>
&lt;p&gt;Reconstructs spine, ribs, pelvis and femora from an AP (or PA) and a lateral radiograph of the same person.
Research use only; not a medical device.&lt;/p&gt;
&lt;ol&gt;
&lt;li&gt;&lt;b&gt;Radiographs&lt;/b&gt;: select or drop both radiographs (or load a sample: File, Download Sample Data); check pixel
sizes, orientation and vertical alignment; click Reconstruct. The reconstruction runs in the background.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Result&lt;/b&gt;: regions, radiographs and outlines in 3D, confidence of every bone, export.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Measurements&lt;/b&gt;: neck-shaft angles, pelvis and vertebral canal first; all values with draggable landmarks,
review, report.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Research&lt;/b&gt;: comparison with a segmented CT; processing of many pairs.&lt;/li&gt;
&lt;li&gt;&lt;b&gt;Setup&lt;/b&gt;: installed packages and models, import of models, installation without internet.&lt;/li&gt;
&lt;/ol&gt;
&lt;p&gt;The &lt;a href="{0}"&gt;tutorial&lt;/a&gt; describes every step with screenshots.&lt;/p&gt;
</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SwinX2S: bones from biplanar radiographs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SwinX2S needs Slicer 5.10 or newer (this is Slicer {0}, Python {1}).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>SwinX2S.faults</name>
        <message>
            <source>The affine has the shape {0}, not (4, 4).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use the matrix from array index to RAS mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown group {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No group is selected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A tolerance of {0} mm is not valid.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown alignment {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder is not writable ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the table or the folder again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another folder for the results.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiographs do not exist.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is no checkpoint of Swin-X2S; it contains {0} tensors such as {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file does not exist.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the path.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has NaN or infinite values.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use another checkpoint.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} differs from the table computed by this network: the window layout is different.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The image has a colour cast ({0} of its pixels have one tint), as a photograph of a light box or a screen.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use the DICOM file, or a grayscale scan: perspective, glare and reflections of a photograph distort shapes and sizes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The image is in colour ({0} of its pixels are not gray) and cannot be an unprocessed radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export the radiograph as DICOM or as a grayscale image.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiograph was loaded as a colour image.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Click Convert to gray; the original image is not changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Line 1: the {0} missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Line 1: several columns are named {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give every column a unique name.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiograph is empty: almost all pixels have the same value.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose or export another file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a crop inside the image as stored.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The output of the network of CT numbers is not finite (NaN or infinite).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with --ct-model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network reconstructs no CT numbers.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose weights of the network implicit-ct with --ct-model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network of {0} ({1}) reconstructs no CT numbers.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Absolute depth needs depth maps, and there are no weights for them.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Absolute depth needs the distances of the X-ray source, which are unknown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Leave --absolute-depth out; or {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set Source-to-detector distance (SID) and Source-to-patient distance, or leave --absolute-depth out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>OpenVINO was requested, but is not installed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use Device auto or cpu. {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CUDA was requested, but {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use Device auto or cpu, or install a driver and a PyTorch with CUDA.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The DICOM header has no valid {0}, so the radiograph cannot be referenced.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The DICOM object is of the kind {0}, not a standard image.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file was changed after the reconstruction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiographs belong to two patients (IDs {0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} cannot be written there ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another folder with --out, or free some space.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>--draws must not be {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a number from 2 to 200.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The edits are not a JSON object.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The edits refer to landmarks that are not in the measurements: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An edit is not a valid position ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure the bones again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The ground truth has no bones of the compared groups ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the file and the label numbering, or select other groups with --groups.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The image has only {0} gray levels: it is a mask, a drawing or an empty radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the radiograph itself, or export it with at least 8 bits per pixel.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An uncertainty map requires a label volume, but the segmentation consists of meshes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove the uncertainty map.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label numbering {0} has no bones of {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Select the groups annotated in the ground truth with --groups.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file has an unexpected hash: its SHA-256 is {0} instead of {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Download it again from a trusted source.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is not a valid SHA-256.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Copy all 64 hexadecimal digits.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>With a vertical offset of {0} mm the radiographs do not overlap.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Correct the vertical offset (tab Vertical alignment).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The frontal radiograph is {0} mm high and the lateral one {1} mm, a difference of {2} (the limit is {3}): they do not show the same part of the body.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Align them vertically (tab Vertical alignment), crop the larger one with Crop to the same top and bottom, or correct Pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiographs could not be aligned vertically: their row profiles are not similar enough.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Align them by points or manually (tab Vertical alignment).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The job file cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Write it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A job must be a JSON object.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is not a valid file name: {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Rename this case.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is not a valid folder name: {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give every case a unique name.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segment {0} is in layer {1}, but the file has {2} layers.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The environment variable {0} is {1}, not a number of MiB.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove it, or set a number such as {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixel size already refers to the patient ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Leave Magnification at from header, or set Pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reinstall SwinX2S, or delete the file if it is in the cache folder, and import again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>An entry of the manifest is not an object.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Two masks are {0}; one is {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The measurements cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measured bones are missing in the segmentation: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no array {0}{1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Store both arrays.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Two meshes are {0}; one is {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no mesh and no mask of a bone in it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>These meshes are named by no bone: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the checkpoint in it (.pt, .pth, .safetensors).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network predicts no silhouettes of a radiograph, and a frontal one alone is not enough for it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with Model, or add the lateral radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>OpenVINO does not run networks of this kind.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use Device auto or cpu.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The output of the network is not finite (NaN or infinite).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with Model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} are those of {1}, not of depth maps.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>To get some, {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network reconstructs nothing: it looks at single radiographs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} are those of another task than the model needs them for.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with Model, or reinstall.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Change the sizes in the model's manifest entry or in the call.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The network that its record describes cannot be built ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Download or import the weights again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose other weights with Model; `swinx2s weights list` shows them.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check Model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table has {0} more faults ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Fix the faults above first.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is not a valid name for weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The name {0} is used by bundled weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use letters, digits, '-', '_' and '.'; not 'default'.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another --name.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file already exists.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose another --name, or add --replace.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No bone was recognised in the radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that it is a frontal radiograph of the trunk, that bone is bright, and its orientation and pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file has no bones.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that it is the right file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It has no bones.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the labels.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown view {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use {0}, or a camera.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is nothing to train on: the case list has no training case, and the configuration has no phantoms.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give --cases, check its splits and licences, or set phantoms.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No evaluated case was found in {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>None of {0} cases is complete.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a folder written by `swinx2s evaluate --cohort`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This version has no default weights of a network that reconstructs a CT (implicit-ct).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Train some (`swinx2s train Docs/training/implicit-ct.toml --cases MANIFEST.json --out RUN`, see Docs/ct.md) and name the file with --ct-model, or import weights with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This version has no default weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose weights shown by `swinx2s weights list`, or import some with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Available: {0}. Import others with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Neither radiograph is a DICOM file; patient and study are unknown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No format is selected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Available formats: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown kind {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No mask is named by a bone.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give a folder of meshes (.stl, .ply, .obj, .vtp) or of masks (.nii.gz, .nrrd), each named by its bone (femur_left.stl, hip_left.nii.gz).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Name each mesh by its bone (femur_left.stl), or add --ignore-unknown to leave these out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No predicted bone is inside the volume of the ground truth: the positions in the files differ.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that both belong to one person; use --align centres or bones.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No case of split {0} has radiographs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder has no packages (.whl).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The {0} radiograph is {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use real numbers (rows, columns).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The volume has {0} voxels and is not a single radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose a radiograph (a volume with one slice).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The array has type {0} and {1} axes and is not a volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a three-dimensional volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file has meshes, not a volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a label volume or a result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder has no {0} and no masks: it is not a result of `swinx2s reconstruct`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Meshes cannot be compared voxel by voxel.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a label volume, a result folder, or a folder of masks, each named by its bone (hip_left.nii.gz).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a label volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file has meshes, not a label volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a label volume or a segmentation; meshes can be converted with other programs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is a {0}, not a volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a path, an object with labels and affine, or the pair (labels, affine).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} pixels are not finite (NaN or infinite).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export the radiograph again, or replace these pixels with finite values.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No DICOM plugin could load the radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load it with Slicer's DICOM module to see the reason.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Slicer could not load the file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load it with Slicer's DICOM module or Add Data to see the reason.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} are bundled with SwinX2S.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} cannot be removed ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Close programs that use them, and check the permissions of the folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Correct the argument.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use the segmentation that was measured.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The output folder contains other files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The output folder contains an earlier result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Add --overwrite to replace it, or specify another folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The {0} could not be written ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the free space and the permissions of the output folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a new or empty folder with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a folder with write permission.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This is a file, not a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a folder with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder is a mount point and cannot be replaced.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a new folder with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a new folder inside it with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file cannot be written ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The link refers to itself.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The folder {0} is not writable ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify a writable folder with --out.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The Python package {0} is not installed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The Python package highdicom, which writes DICOM segmentations, is not installed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install SwinX2S again with the packages that it needs: pip install --upgrade swinx2s.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The positions of the labels contradict the numbering of SwinX2S: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>RAW_DIR is missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>OUT is missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is no shape.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give three numbers from {0} to 1024: 128,128,160.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The spacing is impossible.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give 0.1 to 20 mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is no orientation.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Give one letter of each of R/L, A/P, S/I: LPS.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has a mask for each bone, named by the bone, and no label numbering.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove --scheme.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has no entry {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Restore it, or reconstruct again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiograph differs from the one used for the result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It was changed after the reconstruction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Its size differs from the recorded one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The volume has no image data.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No {0} radiograph is selected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load the {0} radiograph and select it above.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixel size must be one number or (frontal, lateral), not {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Correct spacing_mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A {0} radiograph is used as the {1} one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiograph has been read already: its pixel size and options are known.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove the options, or use the file.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The record is not valid JSON ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Import or export the weights again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a folder written by `swinx2s reconstruct --out`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Labels or uncertainty have values that no result has.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Labels and uncertainty have different grids.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The result cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The options of the run cannot be used. {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The frontal and the lateral radiograph are the same image.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose the lateral radiograph of the same person.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Both radiographs use the same volume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The samples of the skeleton cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct again, or delete the file: values then have no intervals.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The connection to the scheduler {0} was lost.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Start it again and run the same command: finished cases are kept.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The scheduler {0} cannot be reached ({1}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Start one with `dask scheduler` and use the address that it prints, such as tcp://host:8786.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label numbering is ambiguous ({0}): too few labels to decide.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map is empty.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map has no SwinX2S labels.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} occurs twice.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep one entry.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} (for {1}) is not a label.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is a name and cannot be mapped to unknown.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label numbering ({0}{1}) could not be detected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The label map is damaged ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segment {0} is coded as {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segments {0} are both {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Correct its name or terminology in the Segmentations module.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Keep one, or rename the other.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Only one side is present, and the label numbering does not define which one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Provide a label map that defines the side of every value.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixel size is unknown: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set Pixel size.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixels are not square: {0} mm high and {1} mm wide ({2}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Resample the radiograph to square pixels, or set Pixel size if the header is wrong.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixels are not square: PixelAspectRatio in the header is {0}:{1} (height to width).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Resample the radiograph to square pixels; one number for the pixel size cannot describe it.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The pixel size is unknown; Slicer assumed 1 mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set Pixel size, calibrate with a marker, or confirm that 1 mm is correct.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>With a pixel size of {0} mm ({1}) the radiograph would measure {2} x {3} mm.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The surfaces cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Compare again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table is empty.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table cannot be read ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a text file with comma-separated values (CSV) in UTF-8.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify millimetres, 0 or more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The {0} holds {1} MiB or more, above the limit of {2} MiB.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the file; if it is right, crop or resample it, or set the environment variable {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} files were selected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Select only the frontal and the lateral radiograph.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiograph has {0} x {1} pixels; each side needs {2} or more.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Export it at full resolution, or crop less.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Crop less, or load it at full resolution.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>See `swinx2s train --help`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The source distances are implausible: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Specify {0} and {1} in millimetres. The patient must be between source and detector, at least {2} mm from the source, and the magnification (SID divided by source-to-patient distance) at most {3}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The distance from the source to the {0} is set, but the distance to the {1} is not.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set it with {0}, or remove {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check that both radiographs belong to one person.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no data set {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The data sets are {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown format {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown network {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Choose one of {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has no parameter {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Its parameters are {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>There is no region {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown label numbering {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use one of {0}, or a .json or .csv file that maps its values to SwinX2S labels.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unknown weights {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the order: frontal, lateral.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiograph looks like a lateral one (probability {0} %); a frontal one is needed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use the frontal radiograph. If this is one, correct its orientation.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>According to the header the columns run towards the patient's {0} and the rows towards the {1}; in the {2} view, columns must run {3} and rows from head to feet.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Swap the two files, or clear the box Use orientation in header.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The view in the header is {0}, but the radiograph is used as the {1} one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file is {0}: {1} bytes instead of {2}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file was modified: its SHA-256 is {0} instead of {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file is {0}, not weights.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Only imported weights can be removed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file cannot be read as safetensors ({0}).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a .safetensors file; for other checkpoints use `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights {0} are missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The weights file does not exist.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the path, or use weights shown by `swinx2s weights list`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Convert checkpoints of the published code with `swinx2s weights import`.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} of shape {1} is missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has values that are not finite in {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} has shape {1} instead of {2}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The file does not state its network.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} of shape {1} is unexpected.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Check the path and the file's permissions.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Missing in the folder: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Built for another system or Python version: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker {0} {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is not a valid number of worker processes.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The number of workers is defined by the cluster if a scheduler is used.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Use a number from 1 to {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remove one of the two options.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>These values are not part of the label numbering {0} ({1}): {2}{3}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Set the label numbering of the file, or provide a label map.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>batch.run</name>
        <message>
            <source>done</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>failed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>ready</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Case</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Status</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Expected Dice</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Time</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Remarks</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>batch.section</name>
        <message>
            <source>Table of pairs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Tables (*.csv *.tsv *.txt)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a table or a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>(choose a folder)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The module was closed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Starting...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelling...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Stopped. Finished cases are kept; click Start to resume.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder of radiographs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder of results</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No program is available to open tables. The table is {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>compare.choices</name>
        <message>
            <source>rigid, by bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>translation, by bones</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>translation, by volume centres</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>none (scene coordinates)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>signed: outside (red) or inside (blue) the CT bone</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>absolute</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>compare.section</name>
        <message>
            <source>(none)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reading the segmentations ...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Save to</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>detect</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelling...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelled; nothing was changed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT segmentation</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Label map</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Comparison finished. The reconstruction was not moved.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Saved: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>map {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Saving failed: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.dicom</name>
        <message>
            <source>Select the frontal and the lateral radiograph (Ctrl-click for the second), or only one.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Radiographs in the DICOM database</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The database has no radiographs (CR, DX, RG, RF, XA): import them with the DICOM module.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Patient</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Study</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Series</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>View</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pixels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Load and select these radiographs; the frontal view is detected automatically.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>DICOM browser…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Open Slicer's DICOM module to import or load other data.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancel</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Not listed: {0} multi-frame series.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.importer</name>
        <message>
            <source>Load radiographs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The DICOM database is not open: open Slicer's DICOM module once, or load the radiographs from files.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Loading the radiograph…</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> The other radiographs are also in the scene.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Loading {0} radiographs…</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.loading</name>
        <message>
            <source>Reading {0} ({1:.1f} MB)…</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.section</name>
        <message>
            <source>Select both radiographs first.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiographs are not similar enough for automatic alignment; align them by points or manually.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>from header</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The radiographs appear to be swapped: click Swap.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>; source: {0}, magnification {1:.3g}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>aligned automatically, similarity {0:.2f}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0:.3f} × from the source distances</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>inputs.toolbox</name>
        <message>
            <source>Drag 1 and 2 onto the same two points of the body on both radiographs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>aligned by two points</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Crop: drag the edges of the rectangle.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Calibrate: drag both ends of the line onto the marker.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The calibration line was deleted; draw it again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>First drag both ends of the line onto the marker.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The line is too short for a marker of this length.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>First drag 1 and 2 onto the same two points of the body on both radiographs.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>, but their distance is {0:.0%} larger on the frontal radiograph: check both pixel sizes</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.cards</name>
        <message>
            <source>right</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>left</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Femoral neck-shaft angle</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>incidence</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>tilt</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>sacral slope</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pelvis</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Vertebral canal, AP diameter</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>not measurable</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>outdated</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>check</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} landmarks</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} of {1} levels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>narrowest: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.nodes</name>
        <message>
            <source>Spine</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Ribs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Pelvis</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Femora</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.outdated</name>
        <message>
            <source>Edited after the measurement: {0}. Measure again.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.review</name>
        <message>
            <source>Save table</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder for the report</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Saved {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measurements: {0} good, {1} to check, {2} absent.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Saving the table failed: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.section</name>
        <message>
            <source>Measuring again discards the corrections and the review of these bones. Continue?</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Bones were edited after the measurement. Write the report with the current measurements?</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure again</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measure</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The table was copied to the clipboard.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The segmentation no longer exists.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Report: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The measurements in the scene cannot be read: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.tree</name>
        <message>
            <source>Measurement</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Value</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Right</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Left</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Unit</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Quality</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reference range</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>outdated</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>measurements.value_labels</name>
        <message>
            <source>outdated</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>check</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>right</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>left</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>models.section</name>
        <message>
            <source>Delete the model {0} ({1})? To restore it, it must be imported again.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Checkpoints (*.pt *.pth *.safetensors)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verifying...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Importing...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Checkpoint</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Folder with wheels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verify</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Verify all</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A reconstruction is running and may use this model. Wait until it has finished.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>All packages are installed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>A running task uses the packages. Wait until it has finished.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>All models are valid.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>All packages are installed. Restart Slicer if one of them was in use.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Imported models are stored in {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Removed {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} is now available for reconstruction.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Installing...</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>models.versions</name>
        <message>
            <source>not installed</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Device</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Packages</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>missing: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>On a machine with internet access, the same system and Python {0}, run: python -m pip download -d WHEELS -r requirements.txt torch (requirements.txt is in the Resources folder of SwinX2S).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}: CPU-only build, so the {1} is not used</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>all {0} installed</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>models.weights</name>
        <message>
            <source>Model</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Network</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Size</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Source</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>File</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>MISSING</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>available</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>WRONG SIZE</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT numbers, for Also reconstruct CT</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>helper model, not selectable for reconstruction</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SwinX2S</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>imported</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Purpose</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Created</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Trained on</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Notes</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Licence</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>default</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>helper</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} people</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No program is available to open folders. The folder is {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelled.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The model folder could not be created: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}, part of SwinX2S</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>qSlicerAbstractCoreModule</name>
        <message>
            <source>Segmentation</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>reconstruct.runtime_estimate</name>
        <message>
            <source>duration not known yet</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>as in the last run</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>estimated</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>about {0} ({1})</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>reconstruct.section</name>
        <message>
            <source>Cancelling...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The module was closed.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The run was not started.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Cancelled.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Starting...</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CT numbers that a network suggests, as a volume: synthetic, not for diagnosis.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>This version has no weights that reconstruct a CT. Import some in the section Models, or train them (Docs/ct.md).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>. &lt;b&gt;This is slow:&lt;/b&gt; use a smaller model or a GPU.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Please correct:</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Add to queue</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Reconstruct</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} waiting</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>, about {0} left</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>result.section</name>
        <message>
            <source>Folder of a result</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Create the export folder in</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>No result is selected: run a reconstruction or open a result folder.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Please note:</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.background_process</name>
        <message>
            <source>The worker exited with code {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>PythonSlicer was not found next to {0}: reinstall Slicer, or add it to the PATH.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker could not be started: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker crashed ({0}).</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.devices</name>
        <message>
            <source>no NVIDIA GPU is available: the run will be rejected; there is no fallback to the CPU</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>this version has no default model; choose one</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0}, {1:.1f} of {2:.1f} GB free</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>default: {0}</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CPU, {0} cores</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>, {0:.1f} GB of memory free</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.installer</name>
        <message>
            <source>Try again and confirm. Behind a proxy, set HTTPS_PROXY before starting Slicer. Without internet access, use Install from a folder (tab Setup).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> PyTorch is large (200 MB, up to 3 GB with GPU support). Slicer does not respond during its installation.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source> Download and install them now?</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>SwinX2S requires Python packages that are not installed: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>PyTorch is not installed, and Slicer's PyTorch extension, which installs it, is missing.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Install the PyTorch extension in the Extensions Manager and restart Slicer, or use Install from a folder (tab Setup).</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Packages are missing: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Still missing: {0}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Installation was incomplete: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.panel</name>
        <message>
            <source>Radiographs</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Result</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Measurements</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Research</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Setup</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The scene was closed; the reconstruction was cancelled.</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.parameters</name>
        <message>
            <source>AP (source anterior)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>PA (source posterior)</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>automatic</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>CPU</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>NVIDIA GPU (CUDA)</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.radiographs</name>
        <message>
            <source>no radiograph</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} x {1} pixels</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>set manually</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>assumed by Slicer; the file has no pixel size</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>unknown: the DICOM file cannot be read</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.runs</name>
        <message>
            <source>See the log below for details.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Please note: see the log below.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>It was terminated by the operating system, usually because memory ran out: close other programs or use a smaller model.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker reported a problem.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker exited without a result.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>See the log below.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} bones were reconstructed: {1}.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>The worker reported {0} problems.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>Adding the result to the scene failed: {0}</source>
            <translation type="unfinished" />
        </message>
    </context>
    <context>
        <name>slicerui.samples</name>
        <message>
            <source>Both radiographs are selected in the SwinX2S module.</source>
            <translation type="unfinished" />
        </message>
        <message>
            <source>{0} was modified. Reinstall SwinX2S.</source>
            <translation type="unfinished" />
        </message>
    </context>
</TS>
